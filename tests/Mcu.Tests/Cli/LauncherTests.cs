namespace Mcu.Tests.Cli;

/// <summary>The script <c>mcu</c>, with stand-ins for everything it calls.</summary>
public sealed class LauncherTests : IDisposable
{
    private readonly LauncherFixture launcher = new();

    public void Dispose() => launcher.Dispose();

    [Fact]
    public void Arguments_reach_the_tool_as_they_are()
    {
        ToolRun run = launcher.Run("run", "a b", "", "*", "--json");
        Assert.Equal(0, run.ExitCode);
        Assert.Equal("<run>\n<a b>\n<>\n<*>\n<--json>\n", run.Output);
    }

    [Fact]
    public void The_tool_is_built_once_and_again_only_when_a_source_changed()
    {
        launcher.Run("targets");
        Assert.Equal(1, launcher.Builds);
        File.SetLastWriteTimeUtc(Path.Combine(launcher.Checkout, "targets/host/target.json"), DateTime.UtcNow.AddDays(1));
        ToolRun quiet = launcher.Run("targets");
        Assert.Equal(1, launcher.Builds);
        Assert.Empty(quiet.Error);
        launcher.Write("targets/host/target.json", "{ }");
        launcher.Run("targets");
        Assert.Equal(2, launcher.Builds);
        launcher.Write("runtime-templates/c/new.c", "int x;");
        launcher.Run("targets");
        Assert.Equal(3, launcher.Builds);
        File.Delete(Path.Combine(launcher.Checkout, "runtime-templates/c/new.c"));
        launcher.Run("targets");
        Assert.Equal(4, launcher.Builds);
        launcher.Write("generator/Mcu.Tool/obj/made.cs", "");
        launcher.Run("targets");
        Assert.Equal(4, launcher.Builds);
    }

    [Fact]
    public void Starts_at_once_build_once()
    {
        launcher.Put(launcher.Bin, "dotnet", """
            if [ "$1" = --list-sdks ]; then echo "10.0.100 [/sdk]"; exit 0; fi
            if [ "$1" = build ]; then sleep 1; mkdir -p generator/Mcu.Tool/bin/Release/net10.0; touch generator/Mcu.Tool/bin/Release/net10.0/mcu.dll; fi
            """);
        RunningTool[] started = [.. Enumerable.Range(0, 4).Select(_ => launcher.Start(Path.Combine(launcher.Checkout, "mcu"), "targets"))];
        foreach (RunningTool tool in started)
        {
            Assert.Equal(0, tool.Wait().ExitCode);
            tool.Dispose();
        }

        Assert.Equal(1, launcher.Builds);
    }

    [Fact]
    public void It_works_through_symbolic_links_from_any_folder()
    {
        string first = Path.Combine(launcher.Root, "first");
        File.CreateSymbolicLink(first, "check out/mcu");
        string second = Path.Combine(launcher.Bin, "second");
        File.CreateSymbolicLink(second, "../first");
        Assert.Equal("<doctor>\n", launcher.RunAs(second, "doctor").Output);
        Assert.True(File.Exists(Path.Combine(launcher.Checkout, ".mcu/tool.stamp")));
    }

    [Fact]
    public void Without_dotnet_it_exits_5_and_says_where_to_get_it()
    {
        launcher.Remove("dotnet");
        ToolRun run = launcher.Run("targets", "--json");
        Assert.Equal(5, run.ExitCode);
        Assert.Equal("MCU1010", run.Json().GetProperty("error").GetProperty("code").GetString());
        Assert.Contains("https://dotnet.microsoft.com/download", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void With_an_older_sdk_it_exits_5_and_names_it()
    {
        launcher.Put(launcher.Bin, "dotnet", "echo '8.0.404 [/sdk]'");
        ToolRun run = launcher.Run("targets");
        Assert.Equal(5, run.ExitCode);
        Assert.Contains("8.0.404", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_failing_build_prints_its_log_exits_3_and_is_tried_again()
    {
        launcher.Put(launcher.Bin, "dotnet", """
            if [ "$1" = --list-sdks ]; then echo "10.0.100 [/sdk]"; exit 0; fi
            echo 'Program.cs(1): error CS1002: ; "expected"'; exit 1
            """);
        ToolRun run = launcher.Run("targets", "--json");
        Assert.Equal(3, run.ExitCode);
        Assert.Contains("error CS1002", run.Error, StringComparison.Ordinal);
        Assert.Equal("MCU0005", run.Json().GetProperty("error").GetProperty("code").GetString());
        launcher.Run("targets");
        Assert.Equal(2, launcher.Builds);
    }

    [Theory]
    [InlineData("demo")]
    [InlineData("test")]
    public void With_every_tool_there_apt_is_not_called(string command)
    {
        launcher.PutTools(launcher.Bin);
        launcher.Put(launcher.Bin, "apt-get", "exit 1");
        Assert.Equal($"<{command}>\n", launcher.Run(command).Output);
        Assert.DoesNotContain(launcher.Log, line => line.StartsWith("apt-get", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("demo", "gcc libc6-dev gcc-arm-none-eabi libnewlib-arm-none-eabi qemu-system-arm")]
    [InlineData("test", "gcc libc6-dev gcc-arm-none-eabi libnewlib-arm-none-eabi qemu-system-arm gcc-riscv64-unknown-elf picolibc-riscv64-unknown-elf gcc-avr avr-libc qemu-system-misc g++ cmake make clang cppcheck libclang-rt-19-dev")]
    public void Root_gets_missing_packages_installed_without_questions(string command, string packages)
    {
        PutApt($"cp '{launcher.Spare}'/* '{launcher.Bin}'");
        ToolRun run = launcher.Run(command);
        Assert.Equal(0, run.ExitCode);
        string call = Assert.Single(launcher.Log, line => line.StartsWith("apt-get", StringComparison.Ordinal));
        Assert.Contains("-y ", call, StringComparison.Ordinal);
        Assert.Contains("DPkg::Lock::Timeout=", call, StringComparison.Ordinal);
        Assert.EndsWith("install --no-install-recommends " + packages, call, StringComparison.Ordinal);
        Assert.Contains("qemu-system-arm: emulator", run.Error, StringComparison.Ordinal);
        Assert.Equal($"<{command}>\n", run.Output);
    }

    [Fact]
    public void Package_lists_are_fetched_when_they_do_not_know_a_package()
    {
        PutApt($"cp '{launcher.Spare}'/* '{launcher.Bin}'");
        launcher.Put(launcher.Bin, "apt-cache", "exit 1");
        Assert.Equal(0, launcher.Run("demo").ExitCode);
        string[] calls = [.. launcher.Log.Where(line => line.StartsWith("apt-get", StringComparison.Ordinal))];
        Assert.EndsWith(" update", calls[0], StringComparison.Ordinal);
        Assert.Contains(" install ", calls[1], StringComparison.Ordinal);
    }

    [Fact]
    public void A_user_without_sudo_is_told_what_root_must_type()
    {
        PutApt("exit 1");
        launcher.Put(launcher.Bin, "id", "echo 1000");
        ToolRun run = launcher.Run("demo", "--json");
        Assert.Equal(5, run.ExitCode);
        Assert.Equal("MCU1011", run.Json().GetProperty("error").GetProperty("code").GetString());
        Assert.Contains("apt-get install --no-install-recommends gcc", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain(launcher.Log, line => line.StartsWith("apt-get", StringComparison.Ordinal));
    }

    [Fact]
    public void Without_a_terminal_sudo_is_never_asked_for_a_password()
    {
        PutApt("exit 1");
        launcher.Put(launcher.Bin, "id", "echo 1000");
        launcher.Put(launcher.Bin, "sudo", "[ \"$1\" = -n ] || exec sleep 60; exit 1");
        ToolRun run = launcher.Run("demo");
        Assert.Equal(5, run.ExitCode);
        Assert.Contains("sudo apt-get install", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_user_with_sudo_gets_packages_through_it()
    {
        PutApt($"cp '{launcher.Spare}'/* '{launcher.Bin}'");
        launcher.Put(launcher.Bin, "id", "echo 1000");
        launcher.Put(launcher.Bin, "true", "exit 0");
        launcher.Put(launcher.Bin, "sudo", "shift; exec \"$@\"");
        Assert.Equal(0, launcher.Run("demo").ExitCode);
        Assert.Contains(launcher.Log, line => line.StartsWith("sudo -n env DEBIAN_FRONTEND=noninteractive apt-get", StringComparison.Ordinal));
    }

    [Fact]
    public void A_failing_installation_exits_5_with_its_last_words()
    {
        PutApt("echo 'E: Unable to fetch'; exit 100");
        ToolRun run = launcher.Run("demo");
        Assert.Equal(5, run.ExitCode);
        Assert.Contains("E: Unable to fetch", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_system_without_apt_is_told_which_tools_are_needed()
    {
        ToolRun run = launcher.Run("test", "--json");
        Assert.Equal(5, run.ExitCode);
        Assert.Equal("MCU1012", run.Json().GetProperty("error").GetProperty("code").GetString());
        Assert.Contains("compiler for Arm firmware", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("demo", "--help")]
    [InlineData("targets", "demo")]
    public void Other_commands_and_help_install_nothing(string first, string second)
    {
        PutApt("exit 1");
        Assert.Equal(0, launcher.Run(first, second).ExitCode);
        Assert.DoesNotContain(launcher.Log, line => line.StartsWith("apt-get", StringComparison.Ordinal));
    }

    private void PutApt(string install)
    {
        launcher.PutTools(launcher.Spare);
        launcher.Put(launcher.Bin, "apt-get", $"case \"$*\" in *update) ;; *) {install} ;; esac");
        launcher.Put(launcher.Bin, "apt-cache", "[ \"$1\" = depends ] && printf 'clang\\n  Depends: clang-19\\n'; exit 0");
    }
}
