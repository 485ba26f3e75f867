using Mcu.Generator.Lowering;

namespace Mcu.Generator.Emit.C;

/// <summary>Gives each constant array a C symbol; equal arrays share one, so an adapter reuses what it does not change.</summary>
public sealed class SymbolPool
{
    private readonly Dictionary<(CTable Table, bool IsOperand), string> symbols = [];
    private readonly List<CArray> arrays = [];

    /// <summary>Arrays in order of first use.</summary>
    public IReadOnlyList<CArray> Arrays => arrays;

    /// <summary>The symbol of a table; declares it under <paramref name="name"/> when it is new.</summary>
    /// <param name="owner">0 for the base, 1… for an adapter.</param>
    /// <param name="isOperand">Whether kernels read it as they read activations.</param>
    public string Symbol(CTable table, string name, int owner, bool isOperand = false)
    {
        if (!symbols.TryGetValue((table, isOperand), out string? symbol))
        {
            symbol = name;
            symbols[(table, isOperand)] = symbol;
            arrays.Add(new CArray(symbol, table, owner, isOperand));
        }

        return symbol;
    }
}

/// <summary>A named constant array.</summary>
/// <param name="Owner">0 for the base, 1… for an adapter.</param>
/// <param name="IsOperand">Whether kernels read it as they read activations, and so in the address space of these.</param>
public sealed record CArray(string Symbol, CTable Table, int Owner, bool IsOperand)
{
    /// <summary>Type of an element with its qualifiers.</summary>
    public string CType => (IsOperand ? "const " : "const MCU_FLASH ") + Table.CType;
}
