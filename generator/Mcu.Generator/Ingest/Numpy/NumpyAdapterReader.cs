using System.Security.Cryptography;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;
using Mcu.Generator.Ingest.Peft;
using Mcu.Generator.Ingest.Structural;

namespace Mcu.Generator.Ingest.Numpy;

/// <summary>
/// Reads an adapter from an <c>.npz</c> archive (docs/ADAPTERS.md, "An .npz archive"): arrays <c>MODULE.PART</c>, of which every
/// one is used or reported.
/// </summary>
public static class NumpyAdapterReader
{
    private static readonly HashSet<string> Parts = new(StringComparer.Ordinal)
    {
        "indices", "values", "difference", "bias_difference", "weight", "bias", "running_mean", "running_var",
    };

    /// <summary>Throws MCU0120 to 0124, MCU0416, MCU0431, MCU0433, MCU0434, MCU0438 to MCU0440, MCU0442 to MCU0445.</summary>
    /// <param name="file">The whole file.</param>
    /// <param name="location">The file's name for messages; without its ending the adapter's name.</param>
    public static PeftAdapter Read(byte[] file, string location)
    {
        ILookup<bool, NumpyArray> arrays = NumpyReader.Read(file, location).ToLookup(a => StructuralReader.Reads(a.Name));
        string name = Path.GetFileNameWithoutExtension(location);
        string sha256 = Convert.ToHexStringLower(SHA256.HashData(file));
        return new PeftAdapter(name, sha256, Modules(arrays[false], location)) { Structure = StructuralReader.Read(arrays[true], location) };
    }

    private static EquatableArray<PeftModule> Modules(IEnumerable<NumpyArray> arrays, string location)
    {
        var modules = new SortedDictionary<string, Dictionary<string, NumpyArray>>(StringComparer.Ordinal);
        foreach (NumpyArray array in arrays)
        {
            int dot = array.Name.LastIndexOf('.');
            string part = array.Name[(dot + 1)..];
            if (dot <= 0 || !Parts.Contains(part))
            {
                throw new DiagnosticException("MCU0440", $"The array '{Names.Short(array.Name)}' is not named MODULE.PART with one of the parts {string.Join(", ", Parts.Order(StringComparer.Ordinal))}.", location, "Rename the array; docs/ADAPTERS.md has the forms.");
            }

            string module = array.Name[..dot];
            if (!modules.TryGetValue(module, out Dictionary<string, NumpyArray>? parts))
            {
                modules[module] = parts = new Dictionary<string, NumpyArray>(StringComparer.Ordinal);
            }

            parts[part] = array;
        }

        return modules.Select(m => new Builder(location, m.Key, m.Value).Build()).ToEquatableArray();
    }

    private sealed class Builder(string location, string module, Dictionary<string, NumpyArray> parts)
    {
        public PeftModule Build() => new(module, null, null, Real("weight"), Vector("bias"), false)
        {
            Sparse = Sparse(),
            Difference = Real("difference"),
            BiasDifference = Vector("bias_difference"),
            RunningMean = Vector("running_mean"),
            RunningVariance = Variance(),
        };

        private AdapterTensor? Variance() => Vector("running_var") is { } variance && variance.Values.Any(v => v < 0)
            ? throw Error("MCU0438", "The running variance is negative.")
            : Vector("running_var");

        private AdapterTensor? Vector(string part) => Real(part) is { } tensor && tensor.Shape.Rank != 1
            ? throw Error("MCU0434", $"'{part}' has shape {tensor.Shape} instead of one dimension.")
            : Real(part);

        private AdapterTensor? Real(string part)
        {
            if (!parts.TryGetValue(part, out NumpyArray? array))
            {
                return null;
            }

            return NumpyReals.Of(array, part, false, (code, message) => Error(code, message + "."));
        }

        private SparseDifference? Sparse()
        {
            AdapterTensor? values = Vector("values");
            if (!parts.TryGetValue("indices", out NumpyArray? indices))
            {
                return values is null ? null : throw Error("MCU0431", "The module has 'values' but no 'indices'; the file is incomplete.");
            }

            if (values is null)
            {
                throw Error("MCU0431", "The module has 'indices' but no 'values'; the file is incomplete.");
            }

            int count = values.Shape[0];
            bool fits = indices.Shape.Rank is 1 or 2 && indices.Shape[-1] == count;
            if (!fits)
            {
                throw Error("MCU0434", $"'indices' {indices.Shape} and 'values' {values.Shape} are not [n] or [dimensions,n], and [n].");
            }

            int[] numbers = SparseIndices.Of(Whole(indices)) ?? throw Error("MCU0439", $"'indices' holds a number that is not a whole one from 0 to {SparseIndices.Largest}.");
            return new SparseDifference(indices.Shape.Rank == 1 ? 1 : indices.Shape[0], EquatableArray.Wrap(numbers), values.Values);
        }

        private static TensorData Whole(NumpyArray array) => array.Data switch
        {
            sbyte[] v => new Int8Data(EquatableArray.Wrap(v)),
            byte[] v => new Int32Data(EquatableArray.Wrap(Array.ConvertAll(v, x => (int)x))),
            short[] v => new Int32Data(EquatableArray.Wrap(Array.ConvertAll(v, x => (int)x))),
            int[] v => new Int32Data(EquatableArray.Wrap(v)),
            long[] v => new Int64Data(EquatableArray.Wrap(v)),
            float[] v => new FloatData(EquatableArray.Wrap(v)),
            _ => new FloatData(EquatableArray.Wrap(Array.ConvertAll((double[])array.Data, x => (float)x))),
        };

        private DiagnosticException Error(string code, string message) => new(code, message, $"{location}: module '{Names.Short(module)}'");
    }
}
