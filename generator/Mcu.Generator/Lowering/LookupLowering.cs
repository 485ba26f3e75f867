using Mcu.Generator.Operators.Numerics;

namespace Mcu.Generator.Lowering;

/// <summary>Kernel call of a function of one int8 value: a table of 256 results.</summary>
public static class LookupLowering
{
    public const string KernelFolder = "lookup";

    /// <summary>The call, or null where every value stays as it is.</summary>
    public static LoweredLayer? LowerUnlessIdentity(LoweringContext context, IReadOnlyList<sbyte> table, int input = 0) =>
        LookupTable.IsIdentity(table) ? null : Lower(context, table, input);

    /// <param name="table">Result of each input byte, index <c>x + 128</c>.</param>
    /// <param name="input">The node's input that is looked up.</param>
    public static LoweredLayer Lower(LoweringContext context, IReadOnlyList<sbyte> table, int input = 0) => new(
        "mcu_lookup_s8",
        "mcu_lookup",
        [CText.Field("count", context.View.Output.Shape.Elements)],
        ["kernels/lookup/mcu_lookup.h", "kernels/lookup/mcu_lookup_s8.c"])
    {
        FieldTables = [("table", CTable.Int8(table))],
        DataInputs = [input],
        Overlaps = [new Overlap(input, 0)],
    };
}
