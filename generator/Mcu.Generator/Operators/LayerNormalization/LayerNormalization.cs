namespace Mcu.Generator.Operators;

/// <summary>
/// <c>y = (x - mean) / sqrt(variance + epsilon) · gamma + beta</c>, mean and variance over the last axis. Inputs: x
/// <c>[…,K]</c>, gamma <c>[K]</c>, beta <c>[K]</c> (optional). <paramref name="Axis"/> is non-negative and the last one.
/// </summary>
public sealed record LayerNormalization(int Axis, float Epsilon) : Operator;
