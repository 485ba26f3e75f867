using Mcu.Generator.Graphs;

namespace Mcu.Generator.Operators;

/// <summary>Same elements, another shape (also Flatten, Squeeze, Unsqueeze); the shape is fixed.</summary>
public sealed record Reshape(Shape Target) : Operator;
