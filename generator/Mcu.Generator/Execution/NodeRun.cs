using Mcu.Generator.Operators;

namespace Mcu.Generator.Execution;

/// <summary>One execution of a node by a reference executor.</summary>
/// <param name="View">The node and its graph.</param>
/// <param name="Inputs">Values in the node's order; null for an absent optional input.</param>
/// <param name="Outputs">Zeroed values of the inferred types, to be filled.</param>
public sealed record NodeRun(NodeView View, IReadOnlyList<TensorValue?> Inputs, IReadOnlyList<TensorValue> Outputs)
{
    public TensorValue Output => Outputs[0];

    public TensorValue Input(int index) => Inputs[index] ?? throw new InvalidOperationException($"Input {index} is absent.");

    public TensorValue? OptionalInput(int index) => index < Inputs.Count ? Inputs[index] : null;
}
