using Mcu.Generator.Diagnostics;
using Mcu.Generator.Targets;

namespace Mcu.Tests.Emulation;

public class TargetCatalogTests
{
    [Fact]
    public void Built_in_targets_are_there_by_name_with_the_host_first()
    {
        Assert.Equal(
            ["host", "atmega2560", "cortex-m0", "cortex-m0plus", "cortex-m23", "cortex-m3", "cortex-m33", "cortex-m4", "cortex-m55", "cortex-m7", "cortex-m85",
                "ek-ra8m1", "microbit", "nrf52840-dk", "rv32imac", "rv32imc", "stm32f4-discovery", "stm32f746-discovery", "stm32l552"],
            TargetCatalog.Load().Targets.Select(target => target.Name));
    }

    [Theory]
    [InlineData("cortex-m0", false, false, false, false, "mps2-an385")]
    [InlineData("cortex-m0plus", false, false, false, false, "mps2-an385")]
    [InlineData("cortex-m23", false, false, false, false, "mps2-an505")]
    [InlineData("cortex-m33", true, false, true, true, "mps2-an505")]
    [InlineData("cortex-m3", false, false, false, true, "mps2-an385")]
    [InlineData("cortex-m4", true, false, true, true, "mps2-an386")]
    [InlineData("cortex-m7", true, false, true, true, "mps2-an500")]
    [InlineData("cortex-m55", true, true, true, true, "mps3-an547")]
    public void A_core_has_the_features_its_manual_says(string name, bool dsp, bool mve, bool fpu, bool unaligned, string machine)
    {
        TargetDescription target = TargetCatalog.Load().Get(name);
        Assert.Equal(new IsaFeatures(dsp, mve, fpu, unaligned), target.Isa);
        Assert.Equal(machine, target.Qemu!.Machine);
        Assert.Contains("-mcpu=" + name, target.CFlags);
    }

    [Theory]
    [InlineData("cortex-m0", "mps2-an385")]
    [InlineData("cortex-m0plus", "mps2-an385")]
    [InlineData("cortex-m23", "mps2-an505")]
    [InlineData("cortex-m85", "mps3-an547")]
    public void A_core_that_the_emulator_has_not_says_what_it_runs_on(string name, string board) =>
        Assert.Contains(board, Assert.Single(TargetCatalog.Load().Get(name).Qemu!.Notes), StringComparison.Ordinal);

    /// <summary>Memories as the manufacturers' manuals have them (of the RA8M1's 2 MB of flash the first 1.5), and what stands in for a machine that QEMU has not.</summary>
    [Theory]
    [InlineData("stm32f4-discovery", "cortex-m4", 0x08000000u, 1024u, 0x20000000u, 128u, "netduinoplus2")]
    [InlineData("nrf52840-dk", "cortex-m4", 0u, 1024u, 0x20000000u, 256u, "mps2-an386")]
    [InlineData("microbit", "cortex-m0", 0u, 256u, 0x20000000u, 16u, "microbit")]
    [InlineData("stm32f746-discovery", "cortex-m7", 0x08000000u, 1024u, 0x20000000u, 320u, null)]
    [InlineData("stm32l552", "cortex-m33", 0x08000000u, 512u, 0x20000000u, 256u, null)]
    [InlineData("ek-ra8m1", "cortex-m85", 0x02000000u, 1536u, 0x22000000u, 896u, null)]
    public void A_board_has_its_memories_and_says_what_it_runs_on(string name, string core, uint flash, uint flashKiB, uint ram, uint ramKiB, string? machine)
    {
        TargetDescription target = TargetCatalog.Load().Get(name);
        Assert.Equal(core, target.Core);
        Assert.Equal((new MemoryRegion(flash, flashKiB * 1024), new MemoryRegion(ram, ramKiB * 1024)), (target.Firmware!.Flash, target.Firmware.Ram));
        Assert.Equal(machine, target.Qemu?.Machine);
        Assert.Contains(target.Notes.Concat(target.Qemu?.Notes ?? []), note => note.Contains(machine ?? $"In QEMU take {core}", StringComparison.Ordinal));
        string[] flags = [.. TargetCatalog.Load().Get(core).CFlags];
        Assert.DoesNotContain(target.CFlags, flag => flag != "-mfpu=fpv5-sp-d16" && !flags.Contains(flag));
    }

    [Fact]
    public void An_unknown_target_is_refused_with_the_names_there_are()
    {
        var failure = Assert.Throws<DiagnosticException>(() => TargetCatalog.Load().Get("cortex-m5"));
        Assert.Equal("MCU1086", failure.Diagnostic.Code);
        Assert.Contains("cortex-m55", failure.Diagnostic.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public void A_users_target_is_added_and_its_own_files_come_first()
    {
        using var folder = new UserTarget(UserTarget.Text(), "my-board");
        File.WriteAllText(Path.Combine(folder.Path, "my-board", "own.ld"), "own script");

        TargetDescription target = TargetCatalog.Load(folder.Path).Get("my-board");

        Assert.Equal("own script", TargetCatalog.ReadFile(target, "own.ld"));
        Assert.Contains("Reset_Handler", TargetCatalog.ReadFile(target, "common/startup.c"), StringComparison.Ordinal);
        Assert.Throws<DiagnosticException>(() => TargetCatalog.ReadFile(target, "nowhere.ld"));
        Assert.Equal(20, TargetCatalog.Load(folder.Path).Targets.Length);
    }

    [Theory]
    [InlineData("\"name\": \"cortex-m4\"", "\"name\": \"../x\"")]
    [InlineData("\"compiler\": \"arm-none-eabi-gcc\"", "\"compiler\": \"rm\"")]
    [InlineData("\"kernels\": \"arm-dsp\"", "\"kernels\": \"fast\"")]
    [InlineData("\"origin\": \"0x20000000\"", "\"origin\": \"20000000\"")]
    [InlineData("\"origin\": \"0x20000000\"", "\"origin\": \"0xffffff00\"")]
    [InlineData("\"origin\": \"0x20000000\"", "\"origin\": \"0x20000001\"")]
    [InlineData("\"vectors\": \"0x00000000\"", "\"vectors\": \"0x00000004\"")]
    [InlineData("\"stack_bytes\": 65536", "\"stack_bytes\": 12")]
    [InlineData("\"stack_bytes\": 65536", "\"stack_bytes\": 99999999")]
    [InlineData("\"common/startup.c\"", "\"../../startup.c\"")]
    [InlineData("\"machine\": \"mps2-an386\"", "\"machine\": \"mps2-an386 -foo\"")]
    [InlineData("\"notes\": []", "\"renode\": { \"platform\": \"../own.repl\", \"serial\": \"uart0\" }")]
    [InlineData("\"notes\": []", "\"renode\": { \"platform\": \"own.repl\", \"serial\": \"uart0 quit\" }")]
    [InlineData("\"notes\": []", "\"renode\": { \"platform\": \"own.repl\" }")]
    [InlineData("\"notes\": []", "\"nots\": []")]
    [InlineData("\"length\": 4194304", "\"length\": 0")]
    public void A_target_that_is_not_valid_is_refused_with_its_file(string from, string to)
    {
        string text = UserTarget.Text();
        int at = text.LastIndexOf(from, StringComparison.Ordinal);
        Assert.True(at >= 0, from);
        using var folder = new UserTarget(text[..at] + to + text[(at + from.Length)..], "board");
        var failure = Assert.Throws<DiagnosticException>(() => TargetCatalog.Load(folder.Path));
        Assert.Equal("MCU1087", failure.Diagnostic.Code);
        Assert.EndsWith("target.json", failure.Diagnostic.Location, StringComparison.Ordinal);
    }

    [Fact]
    public void Classes_of_diagnostics_follow_their_code()
    {
        Assert.Equal(DiagnosticClass.ToolMissing, Class("MCU1004"));
        Assert.Equal(DiagnosticClass.TargetFailed, Class("MCU1020"));
        Assert.Equal(DiagnosticClass.TargetFailed, Class("MCU1079"));
        Assert.Equal(DiagnosticClass.UserMistake, Class("MCU1080"));
        Assert.Equal(DiagnosticClass.UserMistake, Class("MCU0201"));
    }

    private static DiagnosticClass Class(string code) => DiagnosticClasses.Of(new Diagnostic(code, Severity.Error, "text"));

    private sealed class UserTarget : IDisposable
    {
        private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("mcu-test-");

        public UserTarget(string json, string name)
        {
            Directory.CreateDirectory(System.IO.Path.Combine(Path, name));
            File.WriteAllText(System.IO.Path.Combine(Path, name, "target.json"), json.Replace("\"name\": \"cortex-m4\"", $"\"name\": \"{name}\"", StringComparison.Ordinal));
        }

        public string Path => folder.FullName;

        public static string Text() => File.ReadAllText(TestData.Repo("targets/cortex-m4/target.json"));

        public void Dispose() => folder.Delete(recursive: true);
    }
}
