using Mcu.Emulation.Tools;
using Mcu.Tests.EndToEnd;

namespace Mcu.Tests.Emulation;

/// <summary>How programs are found, what they may read, and what is said of those that the system cannot run.</summary>
public sealed class ProcessRunnerTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_relative_path_starts_in_this_programs_folder_whatever_the_working_directory_is()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "needs a POSIX shell");
        string folder = TestFolder.Create("relative");
        string elsewhere = Directory.CreateDirectory(Path.Combine(folder, "else", "where")).FullName;
        string program = Path.GetRelativePath(Environment.CurrentDirectory, Script(folder, "#!/bin/sh\npwd; printf %s \"$1\""));

        ProcessOutcome? outcome = await ProcessRunner.RunAsync(new ProcessRequest(program, ["a b"]) { WorkingDirectory = elsewhere, Timeout = Patience }, Cancellation);

        Assert.NotNull(outcome);
        Assert.Equal((0, elsewhere + "\na b", ""), (outcome.ExitCode, outcome.StandardOutput, outcome.StandardError));
    }

    /// <summary>A bare name is for the system to find, so nothing watches it; a path is watched where there is a shell.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_program_that_reads_its_standard_input_finds_it_at_its_end(bool isPath)
    {
        Assert.SkipWhen(isPath && !OperatingSystem.IsLinux(), "needs a program made like this one");
        var request = new ProcessRequest(isPath ? "/bin/cat" : OperatingSystem.IsWindows() ? "sort" : "cat", []) { Timeout = Patience };

        Assert.Equal(isPath, ProcessLifeline.Command(request).IsWatched);
        ProcessOutcome? outcome = await ProcessRunner.RunAsync(request, Cancellation);
        Assert.Equal((0, false), (outcome!.ExitCode, outcome.TimedOut));

        await using EmulatorProcess process = EmulatorProcess.Start(request)!;
        Assert.True(await process.WaitAsync(Patience));
    }

    [Theory]
    [InlineData("#!/no/such/interpreter\n")]
    [InlineData("#! /no/such/interpreter -x\ntrue\n")]
    [InlineData("echo neither program nor script\n")]
    [InlineData("")]
    public async Task A_file_that_the_system_cannot_run_is_no_program(string text)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "needs POSIX file modes");
        await IsNoProgramAsync(Script(TestFolder.Create("no program"), text));
    }

    [Fact]
    public async Task A_program_for_another_processor_is_none()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs ELF programs");
        const int Machine = 18;
        const byte OfNoComputer = 247; // EM_BPF
        byte[] program = await File.ReadAllBytesAsync(Environment.ProcessPath!, Cancellation);
        program[Machine] = OfNoComputer;
        string path = Script(TestFolder.Create("other processor"), "");
        await File.WriteAllBytesAsync(path, program, Cancellation);
        await IsNoProgramAsync(path);
    }

    private static async Task IsNoProgramAsync(string path)
    {
        var request = new ProcessRequest(path, []) { Timeout = Patience };
        Assert.Null(await ProcessRunner.RunAsync(request, Cancellation));
        Assert.Null(EmulatorProcess.Start(request));
    }

    private static string Script(string folder, string text)
    {
        string path = Path.Combine(folder, "script");
        File.WriteAllText(path, text);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        return path;
    }
}
