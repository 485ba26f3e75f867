using Mcu.Generator.Execution;

namespace Mcu.Generator.Operators;

/// <summary>
/// What a room adds for int8: constants derived once (multipliers, folded offsets, clamps), and the int8 reference,
/// which is the project's sole arithmetic truth. Rounding follows TensorFlow Lite Micro's reference kernels.
/// </summary>
public interface IInt8Room
{
    /// <summary>
    /// Derives the constants. Throws <see cref="Diagnostics.DiagnosticException"/> (MCU07xx) when the node's tensors
    /// are not quantised as the TensorFlow Lite 8-bit specification asks.
    /// </summary>
    Int8Layer Prepare(NodeView node);

    /// <summary>Runs the node with prepared constants; bytes must equal TensorFlow Lite Micro's reference kernels.</summary>
    void RunInt8(NodeRun run, Int8Layer layer);

    /// <summary>How channels pass through the node.</summary>
    ChannelFlow Flow(NodeView node) => ChannelFlow.Mixed;

    /// <summary>The node's operator where its output keeps only some channels.</summary>
    Operator WithChannels(NodeView node, int channels) => node.Node.Operator;
}

/// <summary>Constants of one int8 node, derived from the graph.</summary>
public abstract record Int8Layer;
