using System.Collections.Concurrent;
using System.Text.Json;
using Mcu.Emulation.Evaluation;
using Mcu.Generator;

namespace Mcu.Tests.EndToEnd;

/// <summary>The five int8 MLPerf Tiny models with the published golden outputs.</summary>
internal static class GoldenModel
{
    private const int Seeds = 16;

    private static readonly ConcurrentDictionary<(string Model, string Target), Lazy<CompileResult>> Compiled = new();

    private static readonly ConcurrentDictionary<(string Model, string Target), Lazy<Task<RunMeasurements>>> Runs = new();

    public static TheoryData<string> Names => ["kws", "vww", "ic", "ad", "sww"];

    public static CompileResult Compile(string model, string target)
    {
        string path = TestData.Shared($"mlperf-tiny/{model}_int8.tflite");
        return Compiled.GetOrAdd((model, target), _ => new Lazy<CompileResult>(() =>
            Firmware.Compile(new CompileOptions { BasePath = path, Target = Firmware.Target(target), Name = model }))).Value;
    }

    /// <summary>All seeds in one run of the firmware; measured once for all tests.</summary>
    public static async Task<RunMeasurements> RunAsync(string model, string target)
    {
        CompileResult compiled = Compile(model, target);
        FirmwareModelRunner runner = await Firmware.RunnerAsync(compiled.Files, target);
        byte[] inputs = Inputs((int)runner.Input.Shape.Elements);
        return await Runs.GetOrAdd((model, target), _ => new Lazy<Task<RunMeasurements>>(() => runner.RunAsync(inputs, 0, CancellationToken.None))).Value;
    }

    /// <summary>Inputs of all seeds back to back, by the generator that the golden file documents.</summary>
    public static byte[] Inputs(int bytes)
    {
        byte[] inputs = new byte[Seeds * bytes];
        for (int seed = 1; seed <= Seeds; seed++)
        {
            uint state = (uint)seed;
            for (int i = 0; i < bytes; i++)
            {
                state = unchecked((state * 1664525) + 1013904223);
                sbyte value = (sbyte)(state >> 24);
                inputs[((seed - 1) * bytes) + i] = (byte)(seed % 2 == 1 ? value : (sbyte)(value >> 2));
            }
        }

        return inputs;
    }

    /// <summary>Expected outputs of all seeds back to back.</summary>
    public static byte[] Expected(string model)
    {
        using JsonDocument golden = JsonDocument.Parse(File.ReadAllText(TestData.Shared("golden/mlperf-tiny-int8.json")));
        JsonElement outputs = golden.RootElement.GetProperty("outputs").GetProperty(model);
        return [.. Enumerable.Range(1, Seeds)
            .SelectMany(seed => outputs.GetProperty($"{seed}").EnumerateArray())
            .Select(v => (byte)(sbyte)v.GetInt32())];
    }

    /// <summary>The published figures of TensorFlow Lite Micro with CMSIS-NN as upstream builds it.</summary>
    public static Baseline BaselineOf(string model)
    {
        using JsonDocument file = JsonDocument.Parse(File.ReadAllText(TestData.Shared("baseline-tflm-cmsis-nn.json")));
        JsonElement run = file.RootElement.GetProperty("runs").EnumerateArray().First(r =>
            r.GetProperty("model").GetString() == model
            && r.GetProperty("cpu").GetString()!.StartsWith("cortex-m4f", StringComparison.Ordinal)
            && r.GetProperty("kernels").GetString() == "tflm+cmsis_nn"
            && r.GetProperty("opt").GetString()!.StartsWith("core -Os", StringComparison.Ordinal));
        return new Baseline(run.GetProperty("instructions").GetInt64(), run.GetProperty("arena_bytes").GetInt32(), run.GetProperty("flash_code_bytes_int8only_registrations").GetInt32());
    }
}

internal sealed record Baseline(long Instructions, int ArenaBytes, int CodeBytes);
