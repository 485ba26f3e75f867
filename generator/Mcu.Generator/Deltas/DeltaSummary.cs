using Mcu.Generator.Deltas.Security;

namespace Mcu.Generator.Deltas;

/// <summary>A delta image in words, for people and for JSON.</summary>
/// <param name="Bytes">Of the whole file.</param>
/// <param name="Sha256">Hash of the body, which the signature covers.</param>
/// <param name="LayersOfAbi">Length of the directory.</param>
/// <param name="Layers">The changed ones.</param>
/// <param name="Signature">Null for an image that is not signed.</param>
public sealed record DeltaSummary(
    string File,
    int Bytes,
    int BodyBytes,
    string Sha256,
    string Base,
    string Abi,
    uint Id,
    uint Version,
    uint SecurityCounter,
    IReadOnlyList<string> Parents,
    IReadOnlyList<DeltaSelfTest> SelfTests,
    int LayersOfAbi,
    IReadOnlyList<DeltaLayerSummary> Layers,
    DeltaSignatureSummary? Signature)
{
    /// <param name="file">The image.</param>
    /// <param name="shape">Its interface, for names and for terms behind the first; null when it is not known.</param>
    public static DeltaSummary Of(DeltaFile file, DeltaInterface? shape)
    {
        DeltaImage? image = shape is null ? null : DeltaReader.Read(file, shape);
        return new DeltaSummary(
            file.Name,
            file.Bytes,
            file.Body.Length,
            Convert.ToHexStringLower(file.BodySha256()),
            file.Header.Base.ToString(),
            file.Header.Abi.ToString(),
            file.Header.Id,
            file.Header.Version,
            file.Header.SecurityCounter,
            [.. file.Parents.Select(p => p.ToString())],
            file.SelfTests,
            file.Records.Length,
            [.. file.Records.Select((r, i) => (r, i)).Where(p => !p.r.Equals(0..0)).Select(p => DeltaLayerSummary.Of(file, p.i, image?.Layers[p.i], shape?.Layers[p.i].Name))],
            DeltaSignatureSummary.Of(file));
    }
}

/// <summary>One changed layer.</summary>
/// <param name="Name">Null when the interface is not known.</param>
/// <param name="Sections">In lower case.</param>
/// <param name="Ranks">Of its low-rank terms; the first alone when the interface is not known.</param>
/// <param name="Changes">Pairs of its differences.</param>
/// <param name="Bytes">Of its records.</param>
public sealed record DeltaLayerSummary(int Index, string? Name, IReadOnlyList<string> Sections, IReadOnlyList<int> Ranks, int Changes, int Bytes)
{
    internal static DeltaLayerSummary Of(DeltaFile file, int index, DeltaLayer? layer, string? name)
    {
        ReadOnlySpan<byte> record = file.Body.Span[file.Records[index]];
        var sections = (DeltaSections)record[0];
        return new DeltaLayerSummary(
            index,
            name,
            [.. Enum.GetValues<DeltaSections>().Where(s => s != DeltaSections.None && sections.HasFlag(s)).Select(Lower)],
            layer is not null ? [.. layer.Terms.Select(t => t.Rank)] : record[1] == 0 ? [] : [record[1]],
            (record[2] | (record[3] << 8)) / 2,
            record.Length);
    }

    private static string Lower(DeltaSections section) => section switch
    {
        DeltaSections.Bias => "bias",
        DeltaSections.Requant => "requant",
        DeltaSections.Weights => "weights",
        DeltaSections.Lora => "lora",
        DeltaSections.Sparse => "sparse",
        _ => "more",
    };
}

/// <summary>Who says to have signed an image; nothing is verified.</summary>
public sealed record DeltaSignatureSummary(string Algorithm, string Kid, int Bytes)
{
    internal static DeltaSignatureSummary? Of(DeltaFile file)
    {
        if (file.Signature.Length == 0)
        {
            return null;
        }

        CoseSign1 message = CoseSign1.Read(file.Signature, file.Name);
        return new DeltaSignatureSummary(message.Algorithm.Name(), Convert.ToHexStringLower(message.Kid.Span), file.Bytes - file.Body.Length);
    }
}
