namespace Mcu.Generator.Operators;

/// <summary>Float to int8, or int8 to int8 with other parameters; the output's quantisation says how.</summary>
public sealed record Quantize : Operator;
