using System.Text.Json;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;
using Mcu.Generator.Ingest;
using Mcu.Generator.Ingest.Peft;

namespace Mcu.Generator.Deltas.Security;

/// <summary>A public key that may sign delta images.</summary>
/// <param name="Kid">Key id; an empty one stands for every id (a key given alone).</param>
/// <param name="IsRevoked">A revoked key signs nothing, whatever the version.</param>
/// <param name="NotBeforeVersion">The first version of a delta that it may sign: the new key of a rotation.</param>
/// <param name="NotAfterVersion">The last version of a delta that it may sign: the old key of a rotation.</param>
public sealed record TrustAnchor(EquatableArray<byte> Kid, PublicKey Key, bool IsRevoked = false, uint NotBeforeVersion = 0, uint NotAfterVersion = uint.MaxValue)
{
    /// <summary>Key id in lower-case hexadecimal.</summary>
    public string KidText => Convert.ToHexStringLower(Kid.Span);
}

/// <summary>Trust anchors, in a JSON file: <c>{"anchors": [{"kid", "algorithm", "public_key" or "public_key_file", …}]}</c>.</summary>
public sealed record TrustStore(EquatableArray<TrustAnchor> Anchors, uint MinSecurityCounter = 0)
{
    private const string Code = "MCU1217";
    private const long MaxBytes = 1 << 20;

    private static readonly string[] Keys = ["kid", "algorithm", "public_key", "public_key_file", "revoked", "not_before_version", "not_after_version"];

    /// <summary>Reads the file; key files are relative to it. MCU1216, MCU1217.</summary>
    public static TrustStore Load(string path)
    {
        JsonElement root = StrictJson.ParseObject(InputFile.ReadAll(path, MaxBytes), Code, path);
        Known(root, ["anchors", "min_security_counter"], path);
        if (!root.TryGetProperty("anchors", out JsonElement list) || list.ValueKind != JsonValueKind.Array || list.GetArrayLength() == 0)
        {
            throw Error("it has no list 'anchors' with at least one key", path);
        }

        TrustAnchor[] anchors = [.. list.EnumerateArray().Select((item, i) => Anchor(item, path, $"{path}: anchor {i}"))];
        string? twice = anchors.GroupBy(a => a.KidText, StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1)?.Key;
        return twice is null ? new TrustStore(EquatableArray.Wrap(anchors), Number(root, "min_security_counter", 0, path)) : throw Error($"two anchors have the kid {twice}", path);
    }

    private static TrustAnchor Anchor(JsonElement item, string path, string place)
    {
        if (item.ValueKind != JsonValueKind.Object)
        {
            throw Error("it is no object", place);
        }

        Known(item, Keys, place);
        PublicKey key = Key(item, path, place);
        string algorithm = Text(item, "algorithm", place) ?? throw Error("it has no 'algorithm'", place);
        if (SignatureAlgorithms.Parse(algorithm) != key.Algorithm)
        {
            throw Error($"its algorithm is '{Names.Short(algorithm)}', its key is for {key.Algorithm.Name()}", place);
        }

        byte[] kid = KeyId.Parse(Text(item, "kid", place) ?? "", place);
        return new TrustAnchor(
            EquatableArray.Wrap(kid), key, Flag(item, "revoked", place), Number(item, "not_before_version", 0, place), Number(item, "not_after_version", uint.MaxValue, place));
    }

    private static PublicKey Key(JsonElement item, string path, string place) => (Text(item, "public_key", place), Text(item, "public_key_file", place)) switch
    {
        ({ } pem, null) => PublicKey.Parse(pem, place),
        (null, { } file) => PublicKey.Load(Path.Combine(Path.GetDirectoryName(Path.GetFullPath(path))!, file)),
        _ => throw Error("it has not exactly one of 'public_key' and 'public_key_file'", place),
    };

    private static void Known(JsonElement item, string[] keys, string place)
    {
        string? unknown = item.EnumerateObject().Select(p => p.Name).FirstOrDefault(name => !keys.Contains(name, StringComparer.Ordinal));
        if (unknown is not null)
        {
            throw Error($"the key '{Names.Short(unknown)}' is not known; keys are {string.Join(", ", keys)}", place);
        }
    }

    private static string? Text(JsonElement item, string key, string place) => !item.TryGetProperty(key, out JsonElement value) ? null
        : value.ValueKind == JsonValueKind.String ? value.GetString()
        : throw Error($"'{key}' is {StrictJson.Kind(value)} instead of a text", place);

    private static bool Flag(JsonElement item, string key, string place) => item.TryGetProperty(key, out JsonElement value)
        && (value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean() : throw Error($"'{key}' is {StrictJson.Kind(value)} instead of true or false", place));

    private static uint Number(JsonElement item, string key, uint otherwise, string place) => !item.TryGetProperty(key, out JsonElement value) ? otherwise
        : value.ValueKind == JsonValueKind.Number && value.TryGetUInt32(out uint number) ? number
        : throw Error($"'{key}' is {StrictJson.Kind(value)} instead of a number from 0 to 4294967295", place);

    private static DiagnosticException Error(string what, string place) =>
        new(Code, $"The trust store cannot be used: {what}.", place, "See docs/DELTAS.md for its form.");
}
