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
    public static (string Initialiser, string Parts) Linear(LinearTables tables, string stem, int owner, SymbolPool pool)
    {
        string weights = pool.Symbol(tables.Weights, stem + "_weights", owner);
        string bias = pool.Symbol(tables.Bias, stem + "_bias", owner);
        string multiplier = pool.Symbol(tables.Multiplier, stem + "_multiplier", owner);
        string shift = pool.Symbol(tables.Shift, stem + "_shift", owner);
        string parts = Lora(tables.Lora, stem, owner, pool) + Sparse(tables.Sparse, stem, owner, pool);
        string lora = tables.Lora is null ? "NULL" : $"&{stem}_lora";
        string sparse = tables.Sparse is null ? "NULL" : $"&{stem}_sparse";
        return ($"{{{weights}, {bias}, {multiplier}, {shift}, {lora}, {sparse}}}", parts);
    }

    private static string Lora(LoraTables? lora, string stem, int owner, SymbolPool pool)
    {
        if (lora is null)
        {
            return "";
        }

        string[] symbols =
        [
            pool.Symbol(lora.A, stem + "_lora_a", owner),
            pool.Symbol(lora.ABias, stem + "_lora_a_bias", owner),
            pool.Symbol(lora.AMultiplier, stem + "_lora_a_multiplier", owner),
            pool.Symbol(lora.AShift, stem + "_lora_a_shift", owner),
            pool.Symbol(lora.B, stem + "_lora_b", owner),
            pool.Symbol(lora.BShift, stem + "_lora_b_shift", owner),
        ];
        return $"static const mcu_lora {stem}_lora = {{{string.Join(", ", symbols)}, {lora.Rank}, {lora.RankPadded}, NULL}};\n";
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
