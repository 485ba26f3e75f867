using Mcu.Generator.Adapters;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;
using Mcu.Generator.Ingest.Onnx;
using Mcu.Generator.Ingest.Peft;
using Mcu.Generator.Passes;

namespace Mcu.Tests.Adapters;

public class DemoAdapterTests
{
    [Theory]
    [InlineData("accent-lora", true)]
    [InlineData("factory-lora", true)]
    [InlineData("factory-bitfit", false)]
    public void Adapters_of_the_demo_bind_by_name_without_a_warning(string name, bool lora)
    {
        var notes = new DiagnosticBag();
        Graph graph = StandardPasses.Canonicalise(OnnxReader.ReadFile(TestData.Repo("tests/demo/base/kws_demo.onnx"), notes), notes);
        PeftAdapter adapter = PeftReader.ReadFolder(TestData.Repo($"tests/demo/adapters/{name}"), notes);

        BoundAdapter bound = AdapterBinder.Bind(adapter, graph, null, notes);

        Assert.Equal(name, bound.Name);
        Assert.Equal(lora, bound.Patches.Any(p => p is LoraPatch));
        Assert.Equal(adapter.Modules.Select(m => m.Module).Order(StringComparer.Ordinal), bound.Patches.Select(p => p.Module).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal));
        Assert.DoesNotContain(notes.Items, n => n.Code.StartsWith("MCU04", StringComparison.Ordinal) || n.Code.StartsWith("MCU05", StringComparison.Ordinal));
        Assert.NotEqual(graph, FloatMerge.Apply(graph, bound));
    }
}
