using Mcu.Generator.Lowering;

namespace Mcu.Generator.Emit.C;

/// <summary>C text of the <c>mcu_linear</c> constants of one layer under the base or one adapter.</summary>
public static class CAdapterText
{
    /// <summary>Registers the tables and returns the initialiser of <c>mcu_linear</c> and what it points to.</summary>
    /// <param name="stem">Start of the symbols, such as <c>kws_l3</c> or <c>kws_a1_l3</c>.</param>
    /// <remarks>
    /// Structures that hold pointers stay out of the section of the arrays: in position-independent code they need relocation, and
    /// one section cannot be both read-only and relocated.
    /// </remarks>
    public static (string Initialiser, string Parts) Linear(LoweredLayer layer, LinearTables tables, string stem, int owner, KernelSet kernels, SymbolPool pool)
    {
        string cast = tables.Weights.ElementBytes == 1 ? "" : "(const MCU_FLASH int8_t *)";
        string weights = cast + pool.Symbol(tables.Weights, stem + "_weights", owner);
        string bias = pool.Symbol(tables.Bias, stem + "_bias", owner);
        string multiplier = pool.Symbol(tables.Multiplier, stem + "_multiplier", owner);
        string shift = pool.Symbol(tables.Shift, stem + "_shift", owner);
        string? kernel = TermKernels.NameOf(tables, kernels);
        if (kernel is null)
        {
            return ($"{{{weights}, {bias}, {multiplier}, {shift}, NULL}}", "");
        }

        string lora = tables.Lora is null ? "NULL" : $"&{stem}_lora";
        string sparse = tables.Sparse is null ? "NULL" : $"&{stem}_sparse";
        string run = layer.Shape!.Kind == LinearKind.Matrix ? "&" + kernel : "NULL";
        string terms = $"static const mcu_terms {stem}_terms = {{{run}, {lora}, {sparse}, {tables.ProjectedRows}}};\n";
        return ($"{{{weights}, {bias}, {multiplier}, {shift}, &{stem}_terms}}", Lora(tables.Lora, stem + "_lora", owner, pool) + Sparse(tables.Sparse, stem, owner, pool) + terms);
    }

    /// <summary>A chain of terms; what is pointed to stands first.</summary>
    private static string Lora(LoraTables? lora, string name, int owner, SymbolPool pool)
    {
        if (lora is null)
        {
            return "";
        }

        string[] symbols =
        [
            pool.Symbol(lora.A, name + "_a", owner),
            pool.Symbol(lora.ABias, name + "_a_bias", owner),
            pool.Symbol(lora.AMultiplier, name + "_a_multiplier", owner),
            pool.Symbol(lora.AShift, name + "_a_shift", owner),
            pool.Symbol(lora.B, name + "_b", owner),
            pool.Symbol(lora.BShift, name + "_b_shift", owner),
        ];
        string next = name + "_next";
        string link = lora.Next is null ? "NULL" : "&" + next;
        return $"{Lora(lora.Next, next, owner, pool)}static const mcu_lora {name} = {{{string.Join(", ", symbols)}, {lora.Rank}, {lora.RankPadded}, {link}}};\n";
    }

    private static string Sparse(SparseTables? sparse, string stem, int owner, SymbolPool pool)
    {
        if (sparse is null)
        {
            return "";
        }

        string stream = pool.Symbol(sparse.Stream, stem + "_sparse_stream", owner);
        return $"static const mcu_sparse {stem}_sparse = {{{stream}, {sparse.Stream.Bytes}, NULL}};\n";
    }
}
