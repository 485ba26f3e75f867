namespace Mcu.Generator.Emit.Forms;

/// <summary>Build systems that an output folder can be for, beside plain CMake, ESP-IDF and Zephyr's own part of <c>CMakeLists.txt</c>.</summary>
public enum BuildForm
{
    /// <summary><c>CMakeLists.txt</c>, which every folder has.</summary>
    CMake,

    /// <summary>A Zephyr module: <c>zephyr/module.yml</c> and <c>Kconfig</c>.</summary>
    Zephyr,

    /// <summary>An ESP-IDF component: <c>idf_component.yml</c>.</summary>
    EspIdf,

    /// <summary>A PlatformIO library: <c>library.json</c>.</summary>
    PlatformIo,

    /// <summary>An Arduino library: <c>library.properties</c>; all sources lie in <c>src</c>, the one folder that its builder looks in.</summary>
    Arduino,

    /// <summary>The content of a CMSIS-Pack: its <c>.pdsc</c>.</summary>
    CmsisPack,
}
