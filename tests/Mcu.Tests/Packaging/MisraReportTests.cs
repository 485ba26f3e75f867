using System.Globalization;
using System.Text.RegularExpressions;
using Mcu.Generator.Int8;
using Mcu.Generator.Lowering;
using Mcu.Tests.EndToEnd;

namespace Mcu.Tests.Packaging;

/// <summary>
/// What cppcheck and its MISRA add-on say of emitted C is what docs/MISRA.md says. <c>MCU_UPDATE_GOLDEN=1</c> writes the table's numbers anew; a rule
/// that is not in the table is added by hand.
/// </summary>
public sealed partial class MisraReportTests
{
    /// <summary>Rules of MISRA C:2012 from which no deviation is allowed.</summary>
    private static readonly string[] Mandatory =
        ["9.1", "9.7", "12.5", "13.6", "17.3", "17.4", "17.6", "17.9", "18.10", "19.1", "21.13", "21.17", "21.18", "21.19", "21.20", "21.22", "22.2", "22.4", "22.5", "22.6", "22.20"];

    private const string OfCppcheck = "none";

    [Fact]
    public async Task The_report_in_the_documents_is_that_of_cppcheck_and_holds_no_mandatory_rule()
    {
        Assert.SkipUnless(Programs.Has("cppcheck"), "needs cppcheck: apt-get install cppcheck");
        string version = new Sdk(TestData.Root).Run("cppcheck", "--version").Trim();
        Dictionary<string, int>[] found = await Task.WhenAll(
            Task.Run(() => Report(KernelSet.Dsp, "cortex-m4")), Task.Run(() => Report(KernelSet.Portable, "cortex-m0plus")));

        string manual = TestData.Repo("docs/MISRA.md");
        string text = await File.ReadAllTextAsync(manual, TestContext.Current.CancellationToken);
        string[] listed = [.. Row().Matches(text).SelectMany(row => Rules(row.Groups[1].Value))];
        Assert.All(found, report => Assert.Empty(report.Keys.Intersect(Mandatory, StringComparer.Ordinal)));
        Assert.Empty(found.SelectMany(report => report.Keys).Except(listed, StringComparer.Ordinal));

        Assert.SkipUnless(version == "Cppcheck 2.10", $"the rules are in the table; its numbers are those of cppcheck 2.10, this is {version}");
        string now = Row().Replace(text, row => string.Create(
            CultureInfo.InvariantCulture, $"| {row.Groups[1].Value} | {row.Groups[2].Value} | {Sum(found[0], row)} | {Sum(found[1], row)} |"));
        if (Environment.GetEnvironmentVariable("MCU_UPDATE_GOLDEN") == "1")
        {
            await File.WriteAllTextAsync(manual, now, TestContext.Current.CancellationToken);
        }

        Assert.Equal(now, text);
    }

    private static int Sum(Dictionary<string, int> report, Match row) => Rules(row.Groups[1].Value).Sum(rule => report.GetValueOrDefault(rule));

    private static string[] Rules(string cell) => cell.Split(", ");

    /// <summary>Findings by rule, those of cppcheck itself under one name; the command is the one in docs/MISRA.md.</summary>
    private static Dictionary<string, int> Report(KernelSet kernels, string target)
    {
        AdaptedModel demo = AdaptedModel.Of("demo");
        Int8Model model = demo.WithMode(AdapterModeChoice.Auto);
        string folder = Firmware.Write(Firmware.Emit(model with { Adapters = [model.Adapters[0], model.Adapters[2]] }, target, "kws", kernels));
        (int exit, string output) = new Sdk(folder).Try(
            "cppcheck", "-q", "--std=c99", "--enable=warning,style,performance,portability", "--addon=misra", "-I.", "-Imcu",
            "--suppress=missingIncludeSystem", "--template={id} {severity} {file}:{line} {message}", ".");
        Assert.True(exit == 0, output);
        MatchCollection findings = Finding().Matches(output);
        Assert.Equal(output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length, findings.Count);
        Assert.DoesNotContain(findings, finding => finding.Groups["severity"].Value is "error" or "warning");
        return findings.GroupBy(f => f.Groups["rule"].Success ? f.Groups["rule"].Value : OfCppcheck, StringComparer.Ordinal)
            .ToDictionary(group => group.Key, group => group.Count(), StringComparer.Ordinal);
    }

    [GeneratedRegex(@"^\| ([0-9none., ]+) \| ([a-z, ]+) \| \d+ \| \d+ \|", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex(@"^(?:misra-c2012-(?<rule>[\d.]+)|\w+) (?<severity>\w+) \S+:\d+ .*$", RegexOptions.Multiline)]
    private static partial Regex Finding();
}
