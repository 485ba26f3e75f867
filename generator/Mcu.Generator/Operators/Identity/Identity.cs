namespace Mcu.Generator.Operators;

/// <summary>Passes its input on; removed by a pass.</summary>
public sealed record Identity : Operator;
