namespace Mcu.Generator.Operators;

/// <summary>
/// <c>y = x·Wᵀ + b</c>. Inputs: x <c>[…,K]</c> (its leading dimensions are rows), weights <c>[O,K]</c>, bias <c>[O]</c>
/// (optional). The output is <c>[rows,O]</c>, or <c>[…,O]</c> with <paramref name="KeepDims"/>
/// (TensorFlow Lite FULLY_CONNECTED).
/// </summary>
public sealed record FullyConnected(FusedActivation Activation, bool KeepDims = false) : Operator;
