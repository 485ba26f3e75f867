using System.Globalization;
using Mcu.Emulation.Evaluation;
using Mcu.Generator;
using Mcu.Generator.Adapters;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;
using Mcu.Generator.Ingest;
using Mcu.Generator.Ingest.Numpy;
using Mcu.Generator.Passes;
using Mcu.Generator.Verification;

namespace Mcu.Emulation.Verification;

/// <summary>One comparison of a model with something independent.</summary>
/// <param name="Name">What was compared with what.</param>
/// <param name="Compared">Tensors or samples that were compared.</param>
/// <param name="Worst">Largest difference as a part of what is allowed; null where bytes are compared.</param>
/// <param name="Failures">What differs, at most ten.</param>
public sealed record ModelCheck(string Name, bool Passed, int Compared, double? Worst, IReadOnlyList<string> Failures);

/// <summary>What <c>mcu verify</c> is asked.</summary>
/// <param name="Twin">Another file of the same network, or null.</param>
/// <param name="Places">Firmware to compare with the int8 reference.</param>
/// <param name="Seeds">Generated inputs of every comparison.</param>
public sealed record VerifyRequest(CompileOptions Options, string? Twin, IReadOnlyList<ExecutionPlace> Places, int Seeds);

/// <summary>Compares a model's float graph with ONNX Runtime and with a twin, and its firmware with the int8 reference.</summary>
public sealed class ModelVerifier(ToolProbe tools, DiagnosticBag notes)
{
    private const int FailuresShown = 10;

    /// <summary>Every comparison that the request and the model allow; MCU1103 when there is none.</summary>
    public async Task<IReadOnlyList<ModelCheck>> RunAsync(VerifyRequest request, CancellationToken cancellation)
    {
        LoadedModel loaded = Pipeline.Load(request.Options, notes);
        List<ModelCheck> checks = [.. FloatChecks(request, loaded, cancellation)];
        foreach (ExecutionPlace place in request.Places)
        {
            checks.AddRange(await FirmwareChecksAsync(request, place, cancellation));
        }

        return checks.Count > 0
            ? checks
            : throw new DiagnosticException(
                "MCU1103", "There is nothing to compare this model with.", request.Options.BasePath, "Give --twin FILE, or --on host (a float base also needs --calibration).");
    }

    /// <summary>Int8 against float over the samples of a file, in the model's input type.</summary>
    public QuantizationQuality Quality(CompileOptions options, string samples, CancellationToken cancellation)
    {
        LoadedModel loaded = Pipeline.Load(options, notes);
        Graph graph = loaded.Canonical;
        if (graph.IsInt8)
        {
            throw new DiagnosticException("MCU0117", "The base is an int8 network and has no float form.", options.BasePath, "Leave --data out.");
        }

        Tensor input = graph[graph.Inputs[0]];
        IReadOnlyList<TensorValue> values = SampleFile.Read(samples, input.Shape, input.Type, input.Name);
        return QuantizationQuality.Measure(graph, Pipeline.Quantize(loaded, options, notes, null, cancellation), values, cancellation: cancellation);
    }

    private IEnumerable<ModelCheck> FloatChecks(VerifyRequest request, LoadedModel loaded, CancellationToken cancellation)
    {
        Graph asRead = loaded.AsRead;
        if (asRead.Source.Format == SourceFormat.Onnx && !asRead.IsInt8)
        {
            byte[] file = InputFile.ReadAll(request.Options.BasePath, InputFile.MaxModelBytes);
            using var verifier = new OnnxVerifier(file, asRead.Source.FileName);
            VerificationReport compare(Graph graph, uint seed) => verifier.Verify(graph, SampleInputs.Create(asRead, seed));

            // What was lifted out of the graph belongs to what ONNX Runtime computes.
            bool lifted = request.Options.GraphLora == GraphLoraMode.Lift;
            Graph canonical = lifted ? FloatMerge.Apply(loaded.Canonical, loaded.Adapters[0]) : loaded.Canonical;
            string form = lifted ? "graph after all passes, with the lifted adapter," : "graph after all passes";
            yield return Repeat("graph as read, every node against ONNX Runtime", request.Seeds, seed => compare(asRead, seed), cancellation);
            yield return Repeat($"{form} against ONNX Runtime", request.Seeds, seed => compare(canonical, seed), cancellation);
        }

        if (request.Twin is not null)
        {
            Graph twin = ModelReader.ReadFile(request.Twin, notes);
            yield return Repeat($"outputs against {twin.Source.FileName}", request.Seeds, seed => OnnxVerifier.CompareGraphs(twin, asRead, SampleInputs.Create(twin, seed)), cancellation);
        }
    }

    private static ModelCheck Repeat(string name, int seeds, Func<uint, VerificationReport> compare, CancellationToken cancellation)
    {
        List<TensorComparison> all = [];
        for (uint seed = 0; seed < seeds; seed++)
        {
            cancellation.ThrowIfCancellationRequested();
            all.AddRange(compare(seed).Tensors);
        }

        return new ModelCheck(
            name,
            all.Count > 0 && all.All(t => t.Passed),
            all.Count,
            all.Count == 0 ? null : all.Max(t => t.Difference / t.Tolerance),
            [.. all.Where(t => !t.Passed).Take(FailuresShown).Select(Describe)]);
    }

    private static string Describe(TensorComparison t) => string.Create(
        CultureInfo.InvariantCulture, $"{t.Operator} '{t.Node}', tensor '{t.Tensor}': differs by {t.Difference:G4}, allowed is {t.Tolerance:G4}");

    /// <summary>The base and every adapter on one place.</summary>
    private async Task<List<ModelCheck>> FirmwareChecksAsync(VerifyRequest request, ExecutionPlace place, CancellationToken cancellation)
    {
        CompileOptions options = request.Options with { Target = place.Target! };
        using ModelSession reference = ModelSession.OpenBase(options, new ExecutionPlace(ExecutionForm.Reference, null), tools, notes, null, cancellation);
        using ModelSession firmware = ModelSession.OpenBase(options, place, tools, notes, null, cancellation);
        byte[] samples = GeneratedInput.Int8(request.Seeds, reference.Runner.Input);
        List<ModelCheck> checks = [];
        for (int adapter = 0; adapter <= firmware.Adapters.Count; adapter++)
        {
            RunMeasurements expected = await reference.Runner.RunAsync(samples, adapter, cancellation);
            RunMeasurements actual = await firmware.Runner.RunAsync(samples, adapter, cancellation);
            string who = adapter == 0 ? "" : $", adapter '{firmware.Adapters[adapter - 1]}'";
            checks.Add(SameBytes($"{place} against the int8 reference, byte for byte{who}", expected, actual, SampleBytes.Of(reference.Runner.Output)));
        }

        return checks;
    }

    private static ModelCheck SameBytes(string name, RunMeasurements expected, RunMeasurements actual, int size)
    {
        int[] wrong = [.. Enumerable.Range(0, expected.Samples).Where(i => !expected.Outputs.AsSpan(i * size, size).SequenceEqual(actual.Outputs.AsSpan(i * size, size)))];
        return new ModelCheck(
            name,
            expected.Samples > 0 && wrong.Length == 0,
            expected.Samples,
            null,
            [.. wrong.Take(FailuresShown).Select(i => string.Create(CultureInfo.InvariantCulture, $"sample {i}: output bytes differ"))]);
    }
}
