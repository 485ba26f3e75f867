using System.Globalization;
using Mcu.Generator.Emit.C;
using Mcu.Generator.Graphs;
using Mcu.Generator.Lowering;

namespace Mcu.Generator.Emit.NanoFramework;

/// <summary>The network's input or output as the template prints it.</summary>
internal sealed record NanoPortText(string Shape, int Length, string Scale, int ZeroPoint, int Offset)
{
    public static NanoPortText Of(CProgram program, Tensor tensor) => new(
        tensor.Shape.ToString(), (int)tensor.Shape.Elements, NanoNames.Float(tensor.Quantization!.Scale), tensor.Quantization.ZeroPoint, program.OffsetOf(tensor.Name));
}

/// <summary>Text that both forms have.</summary>
internal static class NanoText
{
    /// <summary>Lines that say what a file was made of.</summary>
    public static List<string> Banner(CProgram program)
    {
        ModelSource source = program.Model.Graph.Source;
        return
        [
            $"Emitted by mcu {ToolVersion.Text}.",
            $"Model {CNames.Comment(source.FileName)}, SHA-256 {source.Sha256}.",
            .. program.Model.Adapters.Select(a => $"Adapter {CNames.Comment(a.Name)}, SHA-256 {a.Sha256}."),
        ];
    }
}

internal sealed record NanoCallText(string Comment, string Call);

/// <summary>Statements that fill slot <paramref name="Slot"/> with a layer's constants.</summary>
internal sealed record NanoLinearText(int Slot, string Comment, IReadOnlyList<string> Statements);

internal sealed record NanoAdapterText(int Index, string Name, string Comment, IReadOnlyList<NanoLinearText> Layers);

/// <summary>Arrays that kernels take beside a layer's constants, by element type: elements of jagged arrays, as fields are limited.</summary>
internal sealed class NanoTables(NanoConstants constants)
{
    private readonly Dictionary<CTable, string> references = [];
    private readonly SortedDictionary<string, List<string>> byType = new(StringComparer.Ordinal);

    public IReadOnlyList<NanoTableGroup> Groups => [.. byType.Select(g => new NanoTableGroup(g.Key, Field(g.Key), g.Value))];

    public string Reference(CTable table, string name)
    {
        if (!references.TryGetValue(table, out string? reference))
        {
            string type = NanoNames.Type(table.CType);
            if (!byType.TryGetValue(type, out List<string>? expressions))
            {
                expressions = [];
                byType[type] = expressions;
            }

            reference = $"{Field(type)}[{expressions.Count.ToString(CultureInfo.InvariantCulture)}]";
            references[table] = reference;
            expressions.Add(constants.Expression(table, name));
        }

        return reference;
    }

    private static string Field(string type) => type + "Tables";
}

internal sealed record NanoTableGroup(string Type, string Field, IReadOnlyList<string> Expressions);

/// <summary>C# statements that make the constants of one layer.</summary>
internal static class LinearText
{
    /// <param name="tables">The constants.</param>
    /// <param name="stem">Start of the arrays' names.</param>
    /// <param name="inherited">The base's, whose arrays are shared where they are equal; null for the base itself.</param>
    /// <param name="source">Expression of the base's object.</param>
    /// <param name="withChunk">Whether the object holds what its lanes can add up.</param>
    public static IReadOnlyList<string> Of(
        LinearTables tables, string stem, LinearTables? inherited, string source, bool packed, NanoStep step, NanoConstants constants, bool withChunk)
    {
        string part(CTable table, CTable? same, string field) => table.Equals(same) ? $"{source}.{field}" : constants.Expression(table, stem + field);
        LinearShape shape = step.Step.Layer.Shape!;
        bool sharesWeights = tables.Weights.Equals(inherited?.Weights);
        var statements = new List<string>
        {
            shape.Kind == LinearKind.Norm ? $"linear.Gamma = {part(tables.Weights, inherited?.Weights, "Gamma")};"
                : packed
                ? $"linear.Packed = {(sharesWeights ? source + ".Packed" : constants.Packed(tables.Weights, stem + "Weights", shape))};"
                : $"linear.Weights = {part(tables.Weights, inherited?.Weights, "Weights")};",
            $"linear.Bias = {part(tables.Bias, inherited?.Bias, "Bias")};",
            $"linear.Multiplier = {part(tables.Multiplier, inherited?.Multiplier, "Multiplier")};",
            $"linear.Shift = {part(tables.Shift, inherited?.Shift, "Shift")};",
        };
        if (withChunk && step.Call.Chunk > 0)
        {
            statements.Add($"linear.Chunk = {step.Call.Chunk.ToString(CultureInfo.InvariantCulture)};");
        }

        string target = "linear.Lora";
        for (LoraTables? lora = tables.Lora; lora is not null; lora = lora.Next)
        {
            statements.AddRange(Lora(lora, target, stem + "Lora" + (statements.Count.ToString(CultureInfo.InvariantCulture)), constants));
            target += ".Next";
        }

        if (tables.Sparse is not null)
        {
            statements.Add($"linear.Sparse = {constants.Expression(tables.Sparse.Stream, stem + "Sparse")};");
        }

        return statements;
    }

    private static IEnumerable<string> Lora(LoraTables lora, string target, string stem, NanoConstants constants) =>
    [
        $"{target} = new Lora();",
        $"{target}.Rank = {lora.Rank.ToString(CultureInfo.InvariantCulture)};",
        $"{target}.A = {constants.Expression(lora.A, stem + "A")};",
        $"{target}.ABias = {constants.Expression(lora.ABias, stem + "ABias")};",
        $"{target}.AMultiplier = {constants.Expression(lora.AMultiplier, stem + "AMultiplier")};",
        $"{target}.AShift = {constants.Expression(lora.AShift, stem + "AShift")};",
        $"{target}.B = {constants.Expression(lora.B, stem + "B")};",
        $"{target}.BShift = {constants.Expression(lora.BShift, stem + "BShift")};",
    ];
}
