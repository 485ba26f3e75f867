using Mcu.Generator.Lowering;

namespace Mcu.Generator.Emit.C;

/// <summary>Gives each constant array a C symbol; equal arrays share one, so an adapter reuses what it does not change.</summary>
public sealed class SymbolPool
{
    private readonly Dictionary<CTable, string> symbols = [];
    private readonly List<CArray> arrays = [];

    /// <summary>Arrays in order of first use.</summary>
    public IReadOnlyList<CArray> Arrays => arrays;

    /// <summary>The symbol of a table; declares it under <paramref name="name"/> when it is new.</summary>
    /// <param name="owner">0 for the base, 1… for an adapter.</param>
    public string Symbol(CTable table, string name, int owner)
    {
        if (!symbols.TryGetValue(table, out string? symbol))
        {
            symbol = name;
            symbols[table] = symbol;
            arrays.Add(new CArray(symbol, table, owner));
        }

        return symbol;
    }
}

/// <summary>A named constant array.</summary>
/// <param name="Owner">0 for the base, 1… for an adapter.</param>
public sealed record CArray(string Symbol, CTable Table, int Owner);
