using Mcu.Emulation;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Targets;

namespace Mcu.Tests.Emulation;

/// <summary>Builds and runs a fake network; skips the test when a tool is missing.</summary>
internal static class Bench
{
    private static readonly ToolProbe Tools = new();

    /// <summary>Every Arm target that QEMU emulates.</summary>
    public static TheoryData<string> ArmTargets =>
        [.. TargetCatalog.Load().Targets.Where(target => target.Qemu is not null && target.Toolchain == ToolchainKind.ArmNoneEabiGcc).Select(target => target.Name)];

    public static TheoryData<string> AllTargets => [.. TargetCatalog.Load().Targets.Where(target => target.IsHost || target.Qemu is not null).Select(target => target.Name)];

    /// <summary>Targets on which a stack that leaves its memory stops the program; AVR has nothing that does.</summary>
    public static TheoryData<string> Protected => [.. TargetCatalog.Load().Targets.Where(target => (target.IsHost || target.Qemu is not null) && !target.IsAvr).Select(target => target.Name)];

    public static async Task<FirmwareImage> BuildAsync(FakeModel model, string target, BuildOptions? options = null)
    {
        TargetDescription description = TargetCatalog.Load().Get(target);
        foreach (ToolKind kind in ToolProbe.KindsFor(description).Prepend(ToolKind.HostCompiler))
        {
            ToolStatus tool = await Tools.ProbeAsync(kind);
            Assert.SkipUnless(tool.Found, $"needs {tool.Name}: {tool.HowToGet}");
        }

        return await new FirmwareBuilder(Tools, model.CacheFolder).BuildAsync(model.Folder, description, options);
    }

    public static async Task<RunResult> RunAsync(FakeModel model, string target, byte[] inputs, RunOptions? options = null)
    {
        FirmwareImage image = await BuildAsync(model, target);
        return await Runner(model).RunAsync(image, inputs, options);
    }

    public static FirmwareRunner Runner(FakeModel model) => new(Tools, model.CacheFolder);

    public static async Task<Diagnostic> FailureAsync(Func<Task> action) =>
        (await Assert.ThrowsAsync<DiagnosticException>(action)).Diagnostic;
}
