using System.Globalization;

namespace Mcu.Generator.Emit.C;

/// <summary>The version of the C runtime, read from the header that defines it: emitted code checks that it meets the same.</summary>
internal static class RuntimeVersion
{
    private const string Definition = "#define MCU_RUNTIME_VERSION ";

    public static int Number { get; } = Read();

    private static int Read()
    {
        string line = Templates.Read("runtime-templates/c/runtime/mcu_runtime.h").Split('\n').First(l => l.StartsWith(Definition, StringComparison.Ordinal));
        return int.Parse(line.AsSpan(Definition.Length), CultureInfo.InvariantCulture);
    }
}
