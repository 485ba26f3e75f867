using Mcu.Emulation.Tools;
using Mcu.Generator.Targets;
using Mcu.Tests.EndToEnd;

namespace Mcu.Tests.Emission;

/// <summary>Calls C compilers on emitted folders.</summary>
internal static class Compilers
{
    public static readonly string[] Warnings =
        ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Wundef", "-Wvla", "-Wmissing-prototypes", "-Werror"];

    /// <summary>The compiler and its flags of <c>gcc</c>, <c>clang</c> or a target.</summary>
    public static (string Program, string[] Flags) Of(string name)
    {
        if (name is "gcc" or "clang")
        {
            return (name, ["-std=c99", "-O2"]);
        }

        TargetDescription target = Firmware.Target(name);
        return target.IsAvr ? ("avr-gcc", [.. target.CFlags]) : ("arm-none-eabi-gcc", [.. target.CFlags, "-std=c99"]);
    }

    /// <summary>Compiles all C files of a folder with the warning set; the compiler's words, empty for none.</summary>
    public static async Task<string> CheckAsync(string folder, string compiler)
    {
        (string program, string[] flags) = Of(compiler);
        string[] sources = [.. Directory.EnumerateFiles(folder, "*.c", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];
        return await RunAsync(program, [.. flags, .. Warnings, "-I", folder, "-I", Path.Combine(folder, "mcu"), "-c", .. sources]);
    }

    /// <summary>Runs a program in a new folder and returns its error output; a failure without words is a word too.</summary>
    public static async Task<string> RunAsync(string program, string[] arguments)
    {
        (int exit, _, string errors) = await ProcessAsync(program, arguments);
        return exit == 0 ? errors : $"exit {exit}: {errors}";
    }

    public static async Task<(int Exit, string Output, string Errors)> ProcessAsync(string program, string[] arguments)
    {
        var request = new ProcessRequest(program, arguments) { WorkingDirectory = TestFolder.Create("objects") };
        ProcessOutcome? outcome = await ProcessRunner.RunAsync(request, TestContext.Current.CancellationToken);
        Assert.SkipWhen(outcome is null, $"needs {program}");
        return (outcome!.ExitCode, outcome.StandardOutput, outcome.StandardError);
    }
}
