namespace Mcu.Generator.Operators;

/// <summary>
/// <c>y = x/2 · (1 + erf(x/√2))</c>, or with <paramref name="Approximate"/>
/// <c>y = x/2 · (1 + tanh(√(2/π)·(x + 0.044715·x³)))</c>. Input: x.
/// </summary>
public sealed record Gelu(bool Approximate) : Operator;
