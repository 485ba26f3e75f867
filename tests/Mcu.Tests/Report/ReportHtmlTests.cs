using System.Xml;
using System.Xml.Linq;
using Mcu.Generator.Emit;
using Mcu.Generator.Planning;
using Mcu.Generator.Report;
using Scriban.Syntax;

namespace Mcu.Tests.Report;

public sealed class ReportHtmlTests
{
    private static readonly XNamespace Svg = "http://www.w3.org/2000/svg";

    [Fact]
    public void Every_string_of_a_report_is_escaped()
    {
        const string Hostile = "</title><script>alert('x')</script>\"&<!--]]>\0\u202e\ud800";
        CompileReport hostile = ReportCases.Sample(text => text + Hostile);
        string html = ReportHtml.Write(hostile);
        Assert.DoesNotContain("<script", html, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("<!--", html, StringComparison.Ordinal);
        XDocument page = Parse(html);
        string heading = page.Descendants("h1").Single().Value;
        // Half a surrogate pair is no text: JSON makes it the replacement character.
        Assert.Equal("kws</title><script>alert('x')</script>\"&<!--]]>\\u0000\\u202e\ufffd", heading);
        // As many elements as with harmless names: nothing in a name became markup.
        Assert.Equal(Parse(ReportHtml.Write(ReportCases.Sample())).Descendants().Count() - LabelsThatFit(ReportCases.Sample()) + LabelsThatFit(hostile), page.Descendants().Count());
    }

    [Fact]
    public void A_template_expression_in_a_name_is_text()
    {
        string html = ReportHtml.Write(ReportCases.Sample(text => text + "{{ 6 * 7 }}"));
        Assert.Equal("kws{{ 6 * 7 }}", Parse(html).Descendants("h1").Single().Value);
    }

    [Fact]
    public void Equal_reports_give_equal_bytes_with_LF_and_nothing_from_outside()
    {
        string html = ReportHtml.Write(ReportCases.Sample());
        Assert.Equal(html, ReportHtml.Write(ReportCases.Sample()));
        Assert.DoesNotContain('\r', html);
        XDocument page = Parse(html);
        Assert.DoesNotContain(page.Descendants(), element => element.Name.LocalName is "script" or "link" or "img" or "iframe");
        Assert.DoesNotContain(page.Descendants().Attributes(), attribute => attribute.Name.LocalName is "src" or "href");
    }

    [Fact]
    public void The_picture_shows_each_buffer_at_its_place()
    {
        CompileReport report = ReportCases.Sample();
        XElement[] boxes = [.. Parse(ReportHtml.Write(report)).Descendants(Svg + "g").Where(g => g.Element(Svg + "rect") is not null)];
        Assert.Equal(report.Plan.Buffers.Length, boxes.Length);
        // The plot is 360 high and 960 wide for 1652 bytes and 3 steps; "conv" is overwritten in the middle of step 1.
        XElement conv = boxes.Single(box => box.Element(Svg + "title")!.Value.StartsWith("conv:", StringComparison.Ordinal)).Element(Svg + "rect")!;
        Assert.Equal(1000 * 360.0 / 1652, (double)conv.Attribute("height")!, 0.01);
        Assert.Equal(1.5 * 960 / 3, (double)conv.Attribute("width")!, 0.01);
        PlannedBuffer planned = report.Plan.Buffers[1];
        Assert.Equal(12 + 360 - ((planned.Offset + 1000) * 360.0 / 1652), (double)conv.Attribute("y")!, 0.01);
        XElement scratch = boxes.Single(box => box.Element(Svg + "title")!.Value.StartsWith("patch:", StringComparison.Ordinal)).Element(Svg + "rect")!;
        Assert.Equal("scratch", (string?)scratch.Attribute("class"));
        Assert.Contains(Parse(ReportHtml.Write(report)).Descendants(Svg + "title"), title => title.Value == "in place: conv is overwritten by dw");
    }

    [Fact]
    public void A_report_of_thousands_of_layers_is_whole()
    {
        CompileReport sample = ReportCases.Sample();
        CompileReport report = sample with { Layers = [.. Enumerable.Range(0, 3000).Select(i => sample.Layers[0] with { Index = i })] };
        XDocument page = Parse(ReportHtml.Write(report));
        Assert.Contains(page.Descendants("td"), cell => cell.Value == "2999");
    }

    [Fact]
    public void An_empty_plan_has_a_picture()
    {
        PlanReport empty = PlanReport.From(new PlanProblem([], []), MemoryPlanner.Plan(new PlanProblem([], []), PlannerOptions.Default, default), _ => false);
        XDocument page = Parse(ReportHtml.Write(ReportCases.Sample() with { Plan = empty, Layers = [], Adapters = [], Diagnostics = [] }));
        Assert.Single(page.Descendants(Svg + "svg"));
    }

    [Fact]
    public void A_misspelt_variable_in_a_template_is_an_exception() =>
        Assert.Throws<ScriptRuntimeException>(() => new TemplateRenderer().Render("runtime-templates/report/report.sbn", new Dictionary<string, object?>()));

    [Fact]
    public void Templates_are_listed_by_their_path_in_the_repository()
    {
        Assert.Equal(["runtime-templates/report/report.sbn"], Templates.List("runtime-templates/report/"));
        string[] files = [.. Directory.EnumerateFiles(TestData.Repo("runtime-templates"), "*.*", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(TestData.Root, path).Replace('\\', '/'))
            .Order(StringComparer.Ordinal)];
        Assert.Equal(files, Templates.List("runtime-templates/"));
    }

    /// <summary>Longer names no longer fit their boxes, so their labels go.</summary>
    private static int LabelsThatFit(CompileReport report) => ArenaPicture.Draw(report.Plan).Boxes.Count(box => box.Label.Length > 0);

    private static XDocument Parse(string html)
    {
        using var reader = XmlReader.Create(new StringReader(html), new XmlReaderSettings { DtdProcessing = DtdProcessing.Ignore });
        return XDocument.Load(reader);
    }
}
