using System.Globalization;
using Mcu.Generator.Diagnostics;

namespace Mcu.Generator.Ingest.Tflite;

/// <summary>Gives every tensor a name of its own: the file's, or where that is empty or taken one with the tensor's number.</summary>
internal static class TfliteNames
{
    /// <summary>One name per tensor; a note (MCU0242) says which were made up.</summary>
    public static string[] Unique(TfliteModel model, DiagnosticBag notes)
    {
        var taken = new HashSet<string>(model.Tensors.Select(t => t.Name), StringComparer.Ordinal);
        var first = new HashSet<string>(StringComparer.Ordinal);
        var renamed = new List<string>();
        var names = new string[model.Tensors.Length];
        foreach (TfliteTensor tensor in model.Tensors)
        {
            string name = tensor.Name;
            if (name.Length == 0 || !first.Add(name))
            {
                name = Fresh(name, tensor.Index, taken);
                renamed.Add(name);
            }

            names[tensor.Index] = name;
        }

        if (renamed.Count > 0)
        {
            notes.Note("MCU0242", $"{renamed.Count} tensors have an empty or repeated name and were named by their number: {Names.List(renamed)}.", model.File.Name);
        }

        return names;
    }

    private static string Fresh(string name, int index, HashSet<string> taken)
    {
        string number = index.ToString(CultureInfo.InvariantCulture);
        string fresh = name.Length == 0 ? $"tensor_{number}" : $"{name}_{number}";
        while (!taken.Add(fresh))
        {
            fresh += "_";
        }

        return fresh;
    }
}
