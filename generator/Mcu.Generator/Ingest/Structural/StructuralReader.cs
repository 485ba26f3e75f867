using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;
using Mcu.Generator.Ingest.Numpy;
using Mcu.Generator.Ingest.Peft;

namespace Mcu.Generator.Ingest.Structural;

/// <summary>
/// Reads the arrays <c>bottleneck.PLACE.PART</c>, <c>parallel.PLACE.PART</c>, <c>prefix.PLACE.PART</c> and <c>prompt.PLACE.PART</c> of an
/// <c>.npz</c> archive; every one is used or reported.
/// </summary>
public static class StructuralReader
{
    /// <summary>Between the two places of a parallel adapter.</summary>
    private const string Arrow = "->";

    private const int MostRows = 4096;

    private static readonly string[] BottleneckParts = ["down.weight", "down.bias", "up.weight", "up.bias", "scale"];

    private static readonly Dictionary<string, BottleneckActivation> Activations = new(StringComparer.Ordinal)
    {
        ["relu"] = BottleneckActivation.Relu,
        ["relu6"] = BottleneckActivation.Relu6,
        ["gelu"] = BottleneckActivation.Gelu,
        ["gelu_tanh"] = BottleneckActivation.GeluTanh,
        ["linear"] = BottleneckActivation.Linear,
    };

    private static readonly Dictionary<string, string[]> Parts = new(StringComparer.Ordinal)
    {
        ["bottleneck"] = [.. BottleneckParts, .. Activations.Keys],
        ["parallel"] = [.. BottleneckParts, .. Activations.Keys],
        ["prefix"] = ["key", "value"],
        ["prompt"] = ["tokens"],
    };

    /// <summary>Whether the array belongs to such a part: by the first word of its name.</summary>
    public static bool Reads(string name) => KindOf(name) is not null;

    /// <summary>Throws MCU0416, MCU0433 and MCU0442 to MCU0445.</summary>
    /// <param name="arrays">Arrays for which <see cref="Reads"/> holds.</param>
    /// <param name="location">The file's name for messages.</param>
    /// <returns>Ordered by name (ordinal).</returns>
    public static EquatableArray<StructuralPart> Read(IEnumerable<NumpyArray> arrays, string location)
    {
        var parts = new SortedDictionary<string, PartArrays>(StringComparer.Ordinal);
        foreach (NumpyArray array in arrays)
        {
            string kind = KindOf(array.Name)!;
            string part = Parts[kind].Where(p => array.Name.EndsWith('.' + p, StringComparison.Ordinal)).MaxBy(p => p.Length) ?? "";
            int placed = array.Name.Length - part.Length - kind.Length - 2;
            if (part.Length == 0 || placed <= 0)
            {
                throw new DiagnosticException("MCU0442", $"The array '{Names.Short(array.Name)}' is not named {kind}.PLACE.PART with one of the parts {string.Join(", ", Parts[kind])}.", location, "Rename the array; docs/ADAPTERS.md has the forms.");
            }

            string name = array.Name[..(kind.Length + 1 + placed)];
            if (!parts.TryGetValue(name, out PartArrays? found))
            {
                parts[name] = found = new PartArrays(location, name, kind, name[(kind.Length + 1)..]);
            }

            found.Add(part, array);
        }

        return parts.Values.Select(Build).ToEquatableArray();
    }

    private static string? KindOf(string name) => Parts.Keys.FirstOrDefault(kind => name.StartsWith(kind + '.', StringComparison.Ordinal));

    private static StructuralPart Build(PartArrays arrays) => arrays.Kind switch
    {
        "prefix" => Prefix(arrays),
        "prompt" => Prompt(arrays),
        _ => Bottleneck(arrays),
    };

    private static BottleneckPart Bottleneck(PartArrays arrays)
    {
        bool parallel = arrays.Kind == "parallel";
        (string? source, string place) = Places(arrays, parallel);
        AdapterTensor down = arrays.Needed("down.weight");
        AdapterTensor up = arrays.Needed("up.weight");
        bool matrix = down.Shape.Rank == 2 && up.Shape.Rank == 2;
        bool image = down.Shape.Rank == 4 && up.Shape.Rank == 4 && down.Shape.Dims.Skip(2).Concat(up.Shape.Dims.Skip(2)).All(d => d == 1);
        bool fits = (matrix || image) && IsSize(down.Shape[0]) && IsSize(down.Shape[1]) && up.Shape[1] == down.Shape[0] && IsSize(up.Shape[0]) && (parallel || up.Shape[0] == down.Shape[1]);
        arrays.Require(fits, "MCU0444", $"'down.weight' {down.Shape} and 'up.weight' {up.Shape} are not [r,d] and [d,r], or [r,d,1,1] and [d,r,1,1]");
        return new BottleneckPart(
            arrays.Name, place, source, parallel, down, Bias(arrays, "down.bias", down.Shape[0]), up, Bias(arrays, "up.bias", up.Shape[0]), Activation(arrays), Scale(arrays));
    }

    private static (string? Source, string Place) Places(PartArrays arrays, bool parallel)
    {
        int arrow = parallel ? arrays.Place.IndexOf(Arrow, StringComparison.Ordinal) : -1;
        if (arrow < 0)
        {
            return (null, arrays.Place);
        }

        string place = arrays.Place[(arrow + Arrow.Length)..];
        arrays.Require(arrow > 0 && place.Length > 0, "MCU0442", "a parallel adapter is named parallel.LAYER or parallel.INPUT->OUTPUT");
        return (arrays.Place[..arrow], place);
    }

    private static AdapterTensor? Bias(PartArrays arrays, string part, int length)
    {
        AdapterTensor? bias = arrays.Optional(part);
        arrays.Require(bias is null || (bias.Shape.Rank == 1 && bias.Shape[0] == length), "MCU0444", $"'{part}' {bias?.Shape} does not have {length} values in one dimension");
        return bias;
    }

    private static BottleneckActivation Activation(PartArrays arrays)
    {
        string[] named = [.. Activations.Keys.Where(arrays.Has)];
        arrays.Require(named.Length == 1, "MCU0445", $"{(named.Length == 0 ? "no activation is" : "several activations are")} named: one array of {string.Join(", ", Activations.Keys)} with the value 1");
        arrays.Require(arrays.Optional(named[0])!.Values is [1], "MCU0445", $"'{named[0]}' does not hold the one value 1");
        return Activations[named[0]];
    }

    private static float Scale(PartArrays arrays)
    {
        AdapterTensor? scale = arrays.Optional("scale");
        arrays.Require(scale is null or { Values.Length: 1 }, "MCU0445", "'scale' is not one number");
        return scale?.Values[0] ?? 1;
    }

    private static PrefixPart Prefix(PartArrays arrays)
    {
        AdapterTensor key = arrays.Needed("key");
        AdapterTensor value = arrays.Needed("value");
        bool fits = key.Shape.Rank is 2 or 3 && key.Shape.Rank == value.Shape.Rank && key.Shape[-2] == value.Shape[-2]
            && key.Shape.Dims.Concat(value.Shape.Dims).All(IsSize) && (key.Shape.Rank == 2 || key.Shape[0] == value.Shape[0]);
        arrays.Require(fits, "MCU0444", $"'key' {key.Shape} and 'value' {value.Shape} are not both [p,heads·size] or [heads,p,size]");
        return new PrefixPart(arrays.Name, arrays.Place, key, value);
    }

    private static PromptPart Prompt(PartArrays arrays)
    {
        AdapterTensor tokens = arrays.Needed("tokens");
        arrays.Require(tokens.Shape.Rank == 2 && tokens.Shape.Dims.All(IsSize), "MCU0444", $"'tokens' {tokens.Shape} is not [p,d]");
        return new PromptPart(arrays.Name, arrays.Place, tokens);
    }

    private static bool IsSize(int dimension) => dimension is > 0 and <= MostRows;

    /// <summary>The arrays of one part.</summary>
    private sealed class PartArrays(string location, string name, string kind, string place)
    {
        private readonly Dictionary<string, AdapterTensor> arrays = new(StringComparer.Ordinal);

        public string Name => name;

        public string Kind => kind;

        public string Place => place;

        public void Add(string part, NumpyArray array) => arrays[part] = NumpyReals.Of(array, part, Activations.ContainsKey(part), Error);

        public bool Has(string part) => arrays.ContainsKey(part);

        public AdapterTensor? Optional(string part) => arrays.GetValueOrDefault(part);

        public AdapterTensor Needed(string part) => Optional(part) ?? throw Error("MCU0443", $"'{part}' is missing; the file is incomplete");

        public void Require(bool condition, string code, string message)
        {
            if (!condition)
            {
                throw Error(code, message);
            }
        }

        private DiagnosticException Error(string code, string message) => new(code, message + ".", $"{location}: '{Names.Short(name)}'", "docs/ADAPTERS.md has the forms.");
    }
}
