using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;
using Mcu.Generator.Ingest.Peft;
using Mcu.Generator.Ingest.Tflite;

namespace Mcu.Generator.Ingest.OrtAdapter;

/// <summary>
/// Reads ONNX Runtime's <c>.onnx_adapter</c> (FlatBuffers identifier <c>TORT</c>, format version 1; schema
/// <c>onnxruntime/lora/adapter_format/adapter_schema.fbs</c>: Adapter {format_version, adapter_version, model_version,
/// parameters[]}, Parameter {name, dims, data_type, raw_data}). Its parameters bind by the names that PEFT gives them. The format has no
/// rank and no alpha: the rank is the factors' common dimension, the scale 1.
/// </summary>
public static class OrtAdapterReader
{
    private const long Budget = 512L << 20;
    private const int MaxParameters = 4096;
    private const int FormatVersion = 1;
    private const string Prefix = "base_model.model.";

    /// <summary>Throws MCU0202, MCU0203, MCU0206, MCU0412, MCU0413, MCU0414, MCU0416, MCU0441 and what the tensors of a PEFT file throw.</summary>
    /// <param name="file">The whole file.</param>
    /// <param name="location">The file's name for messages; without its ending the adapter's name.</param>
    public static PeftAdapter Read(byte[] file, string location, DiagnosticBag notes)
    {
        if (file.Length < 12 || !file.AsSpan(4, 4).SequenceEqual("TORT"u8))
        {
            throw new DiagnosticException("MCU0441", "The file is no ONNX Runtime adapter: its identifier is not TORT.", location, "Give the .onnx_adapter file that ONNX Runtime's AdapterFormat or Olive wrote.");
        }

        var flat = new FlatFile(file, location, Budget);
        FlatTable root = flat.Root();
        int version = root.Int(0);
        if (version != FormatVersion)
        {
            throw new DiagnosticException("MCU0441", $"The adapter format version is {version}; version {FormatVersion} is read.", location, "Write the adapter again with a matching ONNX Runtime.");
        }

        SafetensorsTensor[] tensors = [.. root.Tables(3, MaxParameters, "parameters").Select(p => Parameter(flat, p, location))];
        SafetensorsTensor[] turned = Turned(tensors, location);
        EquatableArray<PeftModule> modules = new PeftAssembler(ConfigOf(turned, location), location, notes).Assemble(turned);
        return new PeftAdapter(Path.GetFileNameWithoutExtension(location), Convert.ToHexStringLower(SHA256.HashData(file)), modules);
    }

    private static SafetensorsTensor Parameter(FlatFile flat, FlatTable parameter, string location)
    {
        string name = NameOf(parameter.Text(0));
        string place = $"{location}: tensor '{Names.Short(name)}'";
        long[] dims = parameter.Longs(1);
        if (name.Length == 0 || dims.Length > 32 || dims.Any(d => d is < 1 or > int.MaxValue))
        {
            throw new DiagnosticException("MCU0413", "The parameter has no name, more than 32 dimensions, or one that is not from 1 to 2^31-1.", place);
        }

        int type = parameter.Int(2);
        int size = type switch { 1 or 6 => 4, 10 or 16 => 2, 3 => 1, 7 => 8, _ => throw new DiagnosticException("MCU0412", $"Element type {type} is not supported.", place, "Save the parameters as float32, float16 or bfloat16.") };
        ByteRange raw = parameter.Vector(3, 1);
        Int128 expected = dims.Aggregate((Int128)size, (product, d) => product > raw.Length ? product : product * d);
        if (expected != raw.Length)
        {
            throw new DiagnosticException("MCU0414", $"{raw.Length} bytes do not hold [{string.Join('x', dims)}] of {size} bytes each.", place);
        }

        flat.Charge(8L * raw.Length / size);
        var shape = new Shape(Array.ConvertAll(dims, d => (int)d));
        return SafetensorsReader.Tensor(new SafetensorsEntry(name, TypeOf(type), shape, 0, raw.Length), flat.Bytes(raw), location);
    }

    private static SafetensorsType TypeOf(int type) => type switch
    {
        1 => SafetensorsType.F32,
        10 => SafetensorsType.F16,
        16 => SafetensorsType.BF16,
        3 => SafetensorsType.I8,
        6 => SafetensorsType.I32,
        _ => SafetensorsType.I64,
    };

    /// <summary>A factor may be named without <c>.weight</c>.</summary>
    private static string NameOf(string name) =>
        name.EndsWith(".lora_A", StringComparison.Ordinal) || name.EndsWith(".lora_B", StringComparison.Ordinal) ? name + ".weight" : name;

    /// <summary>Factors of a matrix product are stored as <c>[in,r]</c> and <c>[r,out]</c>; here they become <c>[r,in]</c> and <c>[out,r]</c>.</summary>
    private static SafetensorsTensor[] Turned(SafetensorsTensor[] tensors, string location)
    {
        Dictionary<string, SafetensorsTensor> byName = [];
        foreach (SafetensorsTensor tensor in tensors)
        {
            if (!byName.TryAdd(tensor.Name, tensor))
            {
                throw new DiagnosticException("MCU0436", "The file holds this parameter twice.", $"{location}: tensor '{Names.Short(tensor.Name)}'");
            }
        }

        return [.. tensors.Select(t => Partner(t.Name) is { } other && byName.TryGetValue(other, out SafetensorsTensor? partner) && IsTurned(t, partner, location) ? Transposed(t) : t)];
    }

    private static string? Partner(string name) => name.Contains(".lora_A.", StringComparison.Ordinal) ? name.Replace(".lora_A.", ".lora_B.", StringComparison.Ordinal)
        : name.Contains(".lora_B.", StringComparison.Ordinal) ? name.Replace(".lora_B.", ".lora_A.", StringComparison.Ordinal)
        : null;

    private static bool IsTurned(SafetensorsTensor tensor, SafetensorsTensor partner, string location)
    {
        (Shape a, Shape b) = tensor.Name.Contains(".lora_A.", StringComparison.Ordinal) ? (tensor.Shape, partner.Shape) : (partner.Shape, tensor.Shape);
        if (a.Rank != 2 || b.Rank != 2 || a[1] != b[0])
        {
            return false;
        }

        // A square layer fits both ways; the rank is then the smaller dimension.
        return a[0] != b[1] || a[0] > a[1] || (a[0] == a[1]
            ? throw new DiagnosticException("MCU0432", $"The factors {a} and {b} are square: which dimension is the rank cannot be known.", $"{location}: tensor '{Names.Short(tensor.Name)}'", "Use a rank below the layer's dimensions.")
            : false);
    }

    private static SafetensorsTensor Transposed(SafetensorsTensor tensor) => tensor.Data is FloatData data
        ? tensor with { Shape = new Shape(tensor.Shape[1], tensor.Shape[0]), Data = new FloatData(EquatableArray.Wrap(Permute.Data<float>(data.Values.Span, tensor.Shape, [1, 0]))) }
        : tensor;

    /// <summary>Ranks from the factors, alpha equal to them; what is no factor replaces a bias or a whole layer.</summary>
    private static PeftConfig ConfigOf(SafetensorsTensor[] tensors, string location)
    {
        KeyValuePair<string, int>[] ranks = [.. tensors
            .Where(t => t.Name.Contains(".lora_A.", StringComparison.Ordinal))
            .Select(t => KeyValuePair.Create(Regex.Escape(Module(t.Name)), Math.Max(1, t.Shape.Rank == 0 ? 1 : t.Shape[0])))];
        string[] saved = [.. tensors.Where(t => Partner(t.Name) is null && t.Name.EndsWith(".weight", StringComparison.Ordinal)).Select(t => Module(t.Name))];
        return new PeftConfig(
            1,
            1,
            new PatternKeys<int>(ranks, location, wholeNames: true),
            new PatternKeys<double>(ranks.Select(r => KeyValuePair.Create(r.Key, (double)r.Value)), location, wholeNames: true),
            false,
            false,
            PeftBias.All,
            saved.ToEquatableArray());
    }

    private static string Module(string name)
    {
        string plain = name.StartsWith(Prefix, StringComparison.Ordinal) ? name[Prefix.Length..] : name;
        int factor = plain.IndexOf(".lora_A.", StringComparison.Ordinal);
        return factor >= 0 ? plain[..factor] : plain[..plain.LastIndexOf('.')];
    }
}
