using Mcu.Generator.Diagnostics;
using Mcu.Generator.Execution;
using Mcu.Generator.Graphs;

namespace Mcu.Generator.Operators;

/// <summary>
/// Everything the compiler knows about one operator: shapes, float reference, cost. One room per operator, registered
/// by one line in <see cref="OperatorCatalog"/>. Operators that reach the device in int8 also implement
/// <see cref="IInt8Room"/>.
/// </summary>
public abstract class OperatorRoom
{
    /// <summary>Attribute record that this room serves.</summary>
    public abstract Type OperatorType { get; }

    /// <summary>Name in lower snake case; the twin kernel room under runtime-templates has the same name.</summary>
    public abstract string Name { get; }

    /// <summary>
    /// Shapes and types of the node's outputs, from its inputs. Throws <see cref="DiagnosticException"/> (MCU06xx) when
    /// the inputs do not fit the operator.
    /// </summary>
    public abstract IReadOnlyList<OutputType> Infer(NodeView node);

    /// <summary>Float reference: writes every output of <paramref name="run"/>.</summary>
    public abstract void RunFloat(NodeRun run);

    /// <summary>Multiply-accumulates of one execution; 0 for operators without multiplication.</summary>
    public virtual long Macs(NodeView node) => 0;
}

/// <summary>Type and shape of one output.</summary>
public sealed record OutputType(DataType Type, Shape Shape);

/// <summary>A room with a typed operator record.</summary>
public abstract class OperatorRoom<TOperator> : OperatorRoom
    where TOperator : Operator
{
    public override Type OperatorType => typeof(TOperator);

    protected static TOperator Attributes(NodeView node) => (TOperator)node.Node.Operator;

    protected static TOperator Attributes(NodeRun run) => (TOperator)run.View.Node.Operator;
}

/// <summary>A node together with its graph.</summary>
public readonly record struct NodeView(Graph Graph, Node Node)
{
    public int InputCount => Node.Inputs.Length;

    /// <summary>The tensor at an input; MCU0601 when the node has no such input.</summary>
    public Tensor Input(int index) => OptionalInput(index)
        ?? throw Error("MCU0601", $"input {index} is missing");

    public Tensor? OptionalInput(int index) => Graph.InputOf(Node, index);

    public Tensor Output => Graph[Node.Output];

    /// <summary>An error diagnostic that names the node.</summary>
    public DiagnosticException Error(string code, string message, string hint = "") =>
        new(code, $"{Node.Operator.GetType().Name}: {message}.", $"{Graph.Source.FileName}: node '{Node.Name}'", hint);

    /// <summary>Throws <paramref name="code"/> unless the condition holds.</summary>
    public void Require(bool condition, string code, string message, string hint = "")
    {
        if (!condition)
        {
            throw Error(code, message, hint);
        }
    }
}
