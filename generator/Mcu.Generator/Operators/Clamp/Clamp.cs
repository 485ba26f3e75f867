namespace Mcu.Generator.Operators;

/// <summary>Relu, Relu6, Clip: <c>min(max(x, Min), Max)</c> in real units. Fused into its producer by a pass where possible.</summary>
public sealed record Clamp(FusedActivation Range) : Operator;
