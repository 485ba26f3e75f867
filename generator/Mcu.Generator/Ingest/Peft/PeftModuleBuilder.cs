using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;

namespace Mcu.Generator.Ingest.Peft;

/// <summary>Checks the tensors of one module against each other and against the configuration.</summary>
internal sealed class PeftModuleBuilder(PeftConfig config, string location, string name, IReadOnlyDictionary<PeftRole, SafetensorsTensor> parts)
{
    /// <summary>Throws MCU0431, MCU0432, MCU0434, MCU0436, MCU0437, MCU0422, MCU0438.</summary>
    public PeftModule Build()
    {
        CheckSaved();
        CheckVector(PeftRole.Bias, "bias");
        CheckVector(PeftRole.SavedBias, "bias");
        CheckVector(PeftRole.RunningMean, "running mean");
        CheckVector(PeftRole.RunningVariance, "running variance");
        return new PeftModule(name, Lora(), Part(PeftRole.Bias), Part(PeftRole.SavedWeight), Part(PeftRole.SavedBias), config.FanInFanOut)
        {
            Scale = Scale(),
            Sparse = Sparse(),
            RunningMean = Part(PeftRole.RunningMean),
            RunningVariance = Variance(),
        };
    }

    private bool IsNormalization => parts.ContainsKey(PeftRole.RunningMean) || parts.ContainsKey(PeftRole.RunningVariance);

    private AdapterTensor? Part(PeftRole role) =>
        parts.TryGetValue(role, out SafetensorsTensor? tensor) ? new AdapterTensor(tensor.Shape, ((FloatData)tensor.Data).Values) : null;

    private void CheckSaved()
    {
        bool weight = parts.ContainsKey(PeftRole.SavedWeight);
        if (parts.ContainsKey(PeftRole.SavedBias) && !weight && !IsNormalization)
        {
            throw Error("MCU0437", $"The module '{Names.Short(name)}' is in 'modules_to_save' and has a bias but no weight; the file is incomplete.");
        }

        bool adapted = parts.Keys.Any(r => r is PeftRole.LoraA or PeftRole.LoraB or PeftRole.Scale or PeftRole.SparseValues or PeftRole.SparseIndices);
        if (adapted && (weight || IsNormalization))
        {
            string method = config.Type == PeftType.Lora ? "a LoRA change" : "another change";
            throw Error("MCU0436", $"The module '{Names.Short(name)}' has both a replaced weight and {method}.");
        }
    }

    private void CheckVector(PeftRole role, string what)
    {
        if (parts.TryGetValue(role, out SafetensorsTensor? tensor) && tensor.Shape.Rank != 1)
        {
            throw Error("MCU0434", $"The {what} of '{Names.Short(name)}' has shape {tensor.Shape} instead of one dimension.");
        }
    }

    private AdapterTensor? Variance() => Part(PeftRole.RunningVariance) is { } variance && variance.Values.Any(v => v < 0)
        ? throw Error("MCU0438", $"The running variance of '{Names.Short(name)}' is negative.")
        : Part(PeftRole.RunningVariance);

    private LoraFactors? Lora()
    {
        if (Part(PeftRole.LoraA) is not { } a || Part(PeftRole.LoraB) is not { } b)
        {
            PeftRole[] present = [.. parts.Keys.Where(r => r is PeftRole.LoraA or PeftRole.LoraB or PeftRole.LoraBias or PeftRole.Magnitude)];
            return present.Length == 0 ? null : throw Incomplete(KeyOf(present[0]), parts.ContainsKey(PeftRole.LoraA) ? "lora_B" : "lora_A");
        }

        int rank = config.RankOf(name);
        CheckFactors(a.Shape, b.Shape, rank);
        double scale = config.ScaleOf(name);
        if (!double.IsFinite(scale))
        {
            throw Error("MCU0422", $"The scale of '{Names.Short(name)}' is not finite.");
        }

        return new LoraFactors(a, b, rank, scale)
        {
            Magnitude = config.UseDora ? PerOutput(PeftRole.Magnitude, b.Shape[0], "lora_magnitude_vector") : null,
            OutputBias = config.LoraBias ? PerOutput(PeftRole.LoraBias, b.Shape[0], "lora_B.bias") : null,
        };
    }

    /// <summary>One number per output: <c>[out]</c>, or <c>[1,out,1,1]</c> of a convolution's magnitude.</summary>
    private AdapterTensor PerOutput(PeftRole role, int outputs, string key)
    {
        AdapterTensor part = Part(role) ?? throw Incomplete("lora_A", key);
        bool vector = part.Shape.Rank == 1 || (role == PeftRole.Magnitude && part.Shape is { Rank: 4 } s && s[1] == outputs);
        return vector && part.Values.Length == outputs
            ? part with { Shape = new Shape(outputs) }
            : throw Error("MCU0434", $"{key} {part.Shape} of '{Names.Short(name)}' does not hold one number for each of the {outputs} outputs of lora_B.");
    }

    private void CheckFactors(Shape a, Shape b, int rank)
    {
        bool linear = a.Rank == 2 && b.Rank == 2;
        bool convolution = a.Rank == 4 && b.Rank == 4 && b[2] == 1 && b[3] == 1;
        if (!linear && !convolution)
        {
            throw Error("MCU0434", $"lora_A {a} and lora_B {b} of '{Names.Short(name)}' are not [r,in] and [out,r], nor [r,in,kh,kw] and [out,r/groups,1,1].");
        }

        if (a[0] != rank)
        {
            throw Error("MCU0432", $"lora_A of '{Names.Short(name)}' has rank {a[0]}, but adapter_config.json gives {rank} for this module.", "Check 'r' and 'rank_pattern', and that both files belong together.");
        }

        // A convolution with groups has r/groups columns in B.
        if (linear ? b[1] != rank : rank % b[1] != 0)
        {
            throw Error("MCU0432", $"lora_B {b} of '{Names.Short(name)}' does not have {rank} columns for lora_A {a}.");
        }
    }

    /// <summary>Linear: [out,1] or [1,in]; convolution: [1,out,1,1] or [1,in,1,1].</summary>
    private ChannelScale? Scale()
    {
        if (Part(PeftRole.Scale) is not { } factors)
        {
            return null;
        }

        bool onInput = config.IsFeedforward(name);
        Shape s = factors.Shape;
        bool linear = s.Rank == 2 && s[onInput ? 0 : 1] == 1;
        bool convolution = s.Rank == 4 && s[0] == 1 && s[2] == 1 && s[3] == 1;
        return linear || convolution
            ? new ChannelScale(factors, onInput)
            : throw Error(
                "MCU0434",
                $"ia3_l of '{Names.Short(name)}' has shape {s} instead of {(onInput ? "[1,in]" : "[out,1]")}, or [1,{(onInput ? "in" : "out")},1,1] for a convolution.",
                $"The module {(onInput ? "is" : "is not")} in 'feedforward_modules' of adapter_config.json; check that both files belong together.");
    }

    private SparseDifference? Sparse()
    {
        bool values = parts.TryGetValue(PeftRole.SparseValues, out SafetensorsTensor? weight);
        bool indices = parts.TryGetValue(PeftRole.SparseIndices, out SafetensorsTensor? index);
        if (!values && !indices)
        {
            return null;
        }

        if (!values || !indices)
        {
            throw Incomplete(values ? "shira_weight" : "shira_indices", values ? "shira_indices" : "shira_weight");
        }

        if (weight!.Shape.Rank != 1 || index!.Shape.Rank != 2 || index.Shape[0] != 2 || index.Shape[1] != weight.Shape[0])
        {
            throw Error("MCU0434", $"shira_weight {weight.Shape} and shira_indices {index!.Shape} of '{Names.Short(name)}' are not [n] and [2,n].");
        }

        int[] numbers = SparseIndices.Of(index.Data) ?? throw Error("MCU0439", $"shira_indices of '{Names.Short(name)}' holds a number that is not a whole one from 0 to {SparseIndices.Largest}.");
        return new SparseDifference(2, EquatableArray.Wrap(numbers), ((FloatData)weight.Data).Values);
    }

    private static string KeyOf(PeftRole role) => role switch
    {
        PeftRole.LoraA => "lora_A",
        PeftRole.LoraB => "lora_B",
        PeftRole.LoraBias => "lora_B.bias",
        _ => "lora_magnitude_vector",
    };

    private DiagnosticException Incomplete(string present, string absent) =>
        Error("MCU0431", $"The module '{Names.Short(name)}' has {present} but no {absent}; the file is incomplete.");

    private DiagnosticException Error(string code, string message, string hint = "") => new(code, message, location, hint);
}
