using System.Text.Json;
using Mcu.Tests.Cli;
using static Mcu.Tests.Packaging.UserProject;

namespace Mcu.Tests.Packaging;

/// <summary>What makes a build with the MSBuild package compile a network again, and which targets do.</summary>
[Collection(PackagesFixture.Collection)]
public sealed class BuildChangeTests(PackagesFixture packages)
{
    private static readonly string[] Quiet = ["-nologo", "-v:q"];

    [Fact]
    public void A_property_or_a_variable_of_the_environment_that_changes_an_option_compiles_again()
    {
        (string folder, Sdk sdk) = packages.User();
        WriteProject(folder, Model.Replace("McuTarget=\"cortex-m4\" ", "", StringComparison.Ordinal));
        sdk.Run("dotnet", ["build", .. Quiet]);
        Assert.Equal("cortex-m4", Target(Emitted(folder)));
        sdk.Run("dotnet", ["build", "-p:McuTarget=cortex-m0plus", .. Quiet]);
        Assert.Equal("cortex-m0plus", Target(Emitted(folder)));
        packages.Shell(folder, ("McuTarget", "cortex-m7")).Run("dotnet", ["build", .. Quiet]);
        Assert.Equal("cortex-m7", Target(Emitted(folder)));
        Assert.Contains("kws.onnx -> ", sdk.Run("dotnet", "build", "-nologo", "-v:m"), StringComparison.Ordinal);
        Assert.Equal("cortex-m4", Target(Emitted(folder)));
        Assert.DoesNotContain("kws.onnx -> ", sdk.Run("dotnet", "build", "-nologo", "-v:m"), StringComparison.Ordinal);
    }

    [Fact]
    public void Configurations_with_other_options_compile_a_shared_folder_again()
    {
        (string folder, Sdk sdk) = packages.User();
        string shared = Model.Replace(" />", " OutputFolder=\"shared/kws\" Condition=\"'$(Configuration)' == 'Debug'\" />", StringComparison.Ordinal);
        WriteProject(folder, shared + shared.Replace("'Debug'", "'Release'", StringComparison.Ordinal).Replace("cortex-m4", "cortex-m0plus", StringComparison.Ordinal));
        foreach ((string configuration, string target) in (ReadOnlySpan<(string, string)>)[("Debug", "cortex-m4"), ("Release", "cortex-m0plus"), ("Debug", "cortex-m4")])
        {
            sdk.Run("dotnet", ["build", "-c", configuration, .. Quiet]);
            Assert.Equal(target, Target(Path.Combine(folder, "shared/kws")));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-4000)]
    public void An_edited_output_comes_back_whatever_its_time(int days)
    {
        (string folder, Sdk sdk) = packages.User();
        WriteProject(folder, Model);
        sdk.Run("dotnet", ["build", .. Quiet]);
        string source = Path.Combine(Emitted(folder), "kws.c");
        string text = File.ReadAllText(source);

        File.WriteAllText(source, text.Replace("return", "RETURN", StringComparison.Ordinal));
        File.SetLastWriteTimeUtc(source, DateTime.UtcNow.AddDays(days));
        sdk.Run("dotnet", ["build", .. Quiet]);

        Assert.Equal(text, File.ReadAllText(source));
    }

    [Fact]
    public void An_input_in_place_of_which_an_older_file_is_put_compiles_again_and_so_does_one_that_is_gone()
    {
        (string folder, Sdk sdk) = packages.User();
        WriteProject(folder, Model);
        sdk.Run("dotnet", ["build", .. Quiet]);
        Dictionary<string, (DateTime Time, string Hash)> before = PackagesFixture.Snapshot(Emitted(folder));
        string weights = Path.Combine(folder, "accent", "adapter_model.safetensors");
        ChangeAdapter(Path.Combine(folder, "accent"));
        File.SetLastWriteTimeUtc(weights, DateTime.UtcNow.AddDays(-4000));
        sdk.Run("dotnet", ["build", .. Quiet]);
        Assert.NotEqual(before["kws_adapter_1_accent.c"].Hash, PackagesFixture.Snapshot(Emitted(folder))["kws_adapter_1_accent.c"].Hash);

        File.Delete(weights);
        (int exit, string output) = sdk.Try("dotnet", ["build", .. Quiet]);
        Assert.Equal(1, exit);
        Assert.Matches(": error MCU04", OneError(output));
    }

    /// <summary>Editors ask for items with this target; in a real build it compiles the networks.</summary>
    [Fact]
    public void Editors_that_ask_for_items_do_not_compile_networks()
    {
        (string folder, Sdk sdk) = packages.User();
        WriteProject(folder, Model);
        string[] items = ["msbuild", "-restore", "-t:AssignTargetPaths", .. Quiet];
        sdk.Run("dotnet", [.. items, "-p:DesignTimeBuild=true"]);
        Assert.False(Directory.Exists(Path.Combine(folder, "obj/Debug/net10.0/mcu")));
        sdk.Run("dotnet", items);
        Assert.True(File.Exists(Path.Combine(Emitted(folder), "kws.c")));
    }

    [Fact]
    public void Target_compile_alone_compiles_a_network_in_csharp_and_the_program_with_it()
    {
        (string folder, Sdk sdk) = packages.User();
        WriteProject(folder, """<McuModel Include="kws.onnx" Calibration="samples.npy" Language="nanoframework" Namespace="Acme" />""");
        File.WriteAllText(Path.Combine(folder, "Program.cs"), "System.Console.WriteLine(Acme.Kws.OutputLength);\n");
        sdk.Run("dotnet", ["msbuild", "-restore", "-t:Compile", .. Quiet]);
        Assert.True(File.Exists(Path.Combine(folder, "obj/Debug/net10.0/app.dll")));
    }

    /// <summary>Item metadata against the tool's options.</summary>
    [Fact]
    public void Metadata_about_deltas_and_dead_channels_reach_the_compiler()
    {
        (string folder, Sdk sdk) = packages.User();
        WriteProject(folder, """<McuModel Include="kws.onnx" Calibration="samples.npy" Deltas="2" DeltaRank="4" DeltaCache="2K" DeadChannels="remove" />""");
        string log = sdk.Run("dotnet", "build", "-nologo", "-v:d");
        Assert.Contains(" --dead-channels remove ", log, StringComparison.Ordinal);
        string expected = Path.Combine(folder, "expected");
        string[] common = ["compile", Path.Combine(folder, "kws.onnx"), "--calibration", Path.Combine(folder, "samples.npy"), "--deltas", "2", "--delta-rank", "4", "-o", expected];
        Assert.Equal(0, CommandLineTests.InProcess([.. common, "--delta-cache", "2K", "--dead-channels", "remove"]).ExitCode);
        IEnumerable<(string, string)> all = Hashes(PackagesFixture.Snapshot(expected));
        Assert.Equal(all, Hashes(PackagesFixture.Snapshot(Emitted(folder))));
        Assert.Equal(0, CommandLineTests.InProcess(common).ExitCode);
        Assert.NotEqual(all, Hashes(PackagesFixture.Snapshot(expected)));
    }

    /// <summary>Another configuration may have the file open at the time; and what cannot be written is a diagnostic.</summary>
    [Fact]
    public void The_cmake_file_is_replaced_while_it_is_read_and_a_folder_in_its_place_is_an_error_of_the_project()
    {
        (string folder, Sdk sdk) = packages.User();
        WriteProject(folder, Model);
        string[] build = ["build", "-p:McuCMakeFile=networks.cmake", .. Quiet];
        sdk.Run("dotnet", build);
        string file = Path.Combine(folder, "networks.cmake");
        string good = File.ReadAllText(file);
        File.WriteAllText(file, "# of another time\n");
        using (new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete))
        {
            sdk.Run("dotnet", build);
        }

        Assert.Equal(good, File.ReadAllText(file));
        Assert.Equal([file], Directory.EnumerateFiles(folder, "networks.cmake*"));

        File.Delete(file);
        Directory.CreateDirectory(file);
        (int exit, string output) = sdk.Try("dotnet", build);
        Assert.Equal(1, exit);
        Assert.StartsWith($"{Path.Combine(folder, "app.csproj")} : error MCU1410: ", OneError(output), StringComparison.Ordinal);
    }

    private static string Emitted(string folder) => Path.Combine(folder, "obj/Debug/net10.0/mcu/kws");

    /// <summary>The target that an emitted folder was compiled for.</summary>
    private static string Target(string emitted)
    {
        using JsonDocument report = JsonDocument.Parse(File.ReadAllText(Path.Combine(emitted, "report.json")));
        return report.RootElement.GetProperty("target").GetString()!;
    }
}
