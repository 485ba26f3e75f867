using Mcu.Emulation;

namespace Mcu.Tests.Emulation;

public class ToolProbeTests
{
    [Fact]
    public async Task Every_tool_is_listed_and_missing_ones_say_how_to_get_them()
    {
        IReadOnlyList<ToolStatus> tools = await new ToolProbe("").ProbeAllAsync();
        Assert.Equal(Enum.GetValues<ToolKind>(), tools.Select(tool => tool.Kind));
        Assert.All(tools, tool => Assert.False(tool.Found));
        Assert.All(tools.Where(tool => tool.Required), tool => Assert.Contains("apt-get install", tool.HowToGet, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_tool_is_found_with_its_own_version_line()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "needs a POSIX shell");
        string folder = FakeTool("qemu-system-arm", "QEMU emulator version 99.1");
        ToolStatus tool = await new ToolProbe(folder).ProbeAsync(ToolKind.Qemu);
        Directory.Delete(folder, recursive: true);
        Assert.Equal((Path.Combine(folder, "qemu-system-arm"), "QEMU emulator version 99.1"), (tool.Path, tool.Version));
    }

    [Fact]
    public async Task A_file_that_cannot_be_executed_is_not_a_tool()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "needs POSIX file modes");
        string folder = FakeTool("cc", "version", UnixFileMode.UserRead);
        ToolStatus tool = await new ToolProbe(folder).ProbeAsync(ToolKind.HostCompiler);
        Directory.Delete(folder, recursive: true);
        Assert.False(tool.Found);
    }

    [Fact]
    public async Task Renode_is_found_by_its_variable_as_program_or_folder()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "needs a POSIX shell");
        string folder = FakeTool("renode", "Renode v1");
        ToolStatus byFolder = await new ToolProbe("", folder).ProbeAsync(ToolKind.Renode);
        ToolStatus byFile = await new ToolProbe("", Path.Combine(folder, "renode")).ProbeAsync(ToolKind.Renode);
        Directory.Delete(folder, recursive: true);
        Assert.Equal(("Renode v1", "Renode v1"), (byFolder.Version, byFile.Version));
    }

    private static string FakeTool(
        string name, string version, UnixFileMode mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute)
    {
        string folder = Directory.CreateTempSubdirectory("mcu-test-").FullName;
        string path = Path.Combine(folder, name);
        File.WriteAllText(path, $"#!/bin/sh\necho '{version}'\n");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, mode);
        }

        return folder;
    }
}
