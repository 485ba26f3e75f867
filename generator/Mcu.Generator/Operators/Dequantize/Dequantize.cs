namespace Mcu.Generator.Operators;

/// <summary>Int8 to float.</summary>
public sealed record Dequantize : Operator;
