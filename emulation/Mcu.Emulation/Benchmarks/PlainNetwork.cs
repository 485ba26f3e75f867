using System.Collections.Immutable;
using Mcu.Emulation.Building;
using Mcu.Generator.Emit.C;
using Mcu.Generator.Emit.NanoFramework;
using Mcu.Generator.Graphs;
using Mcu.Generator.Lowering;
using Mcu.Generator.Planning;

namespace Mcu.Emulation.Benchmarks;

/// <summary>
/// What the managed form is compared with: the same network with its convolutions and fully connected layers as plain nested loops over
/// the same int8 weights. Other layers run the same kernel. It never leaves the benchmark.
/// </summary>
internal static class PlainNetwork
{
    /// <summary>The plain kernel of a kernel, and the numbers that it has no use for.</summary>
    private static readonly SortedDictionary<string, (string Kernel, string[] Unused)> Kernels = new(StringComparer.Ordinal)
    {
        ["Conv2D"] = ("PlainConv2D", ["fast"]),
        ["DepthwiseConv2D"] = ("PlainDepthwiseConv2D", ["planeH", "planeW", "fast"]),
        ["FullyConnected"] = ("PlainFullyConnected", ["inputZeroPoint", "fast"]),
    };

    public static NanoEmission Emit(NanoProgram program, string name, NanoOptions options)
    {
        NanoProgram plain = program with { Source = Apart(program.Source), Steps = program.Steps.Select(Plain).ToEquatableArray() };
        NanoEmission emission = NanoEmitter.Emit(plain, name, options with { PackWeights = false });
        IEnumerable<string> used = plain.Steps.Select(s => s.Call.Kernel).Where(k => Kernels.Values.Any(p => p.Kernel == k)).Distinct(StringComparer.Ordinal);
        return emission with { Files = emission.Files.AddRange(used.Select(k => KeyValuePair.Create($"Mcu/{k}.cs", HarnessSources.Resource($"plain/{k}.cs")))) };
    }

    private static NanoStep Plain(NanoStep step)
    {
        if (!Kernels.TryGetValue(step.Call.Kernel, out (string Kernel, string[] Unused) plain))
        {
            return step;
        }

        (string Name, string Value)[] numbers = [.. step.Call.Numbers.Where(n => !plain.Unused.Contains(n.Name, StringComparer.Ordinal))];
        return step with { Call = new NanoCall(plain.Kernel, ["runtime/Numerics.cs", "runtime/Linear.cs"], numbers.ToEquatableArray()) };
    }

    /// <summary>Every buffer in memory of its own: plain loops read a pixel's inputs again after they have written an output, so nothing runs in place.</summary>
    private static CProgram Apart(CProgram program)
    {
        ImmutableSortedDictionary<string, int>.Builder offsets = ImmutableSortedDictionary.CreateBuilder<string, int>(StringComparer.Ordinal);
        int end = 0;
        foreach (BufferRequest buffer in program.Problem.Buffers)
        {
            offsets[buffer.Name] = end;
            end = checked(end + ((buffer.Bytes + 3) & ~3));
        }

        return program with { Plan = program.Plan with { Offsets = offsets.ToImmutable(), ArenaBytes = end } };
    }
}
