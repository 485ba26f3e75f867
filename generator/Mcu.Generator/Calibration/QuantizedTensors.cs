using System.Globalization;
using Mcu.Generator.Graphs;

namespace Mcu.Generator.Calibration;

/// <summary>Tensors of an int8 graph that is being made.</summary>
public sealed class QuantizedTensors
{
    private readonly Dictionary<string, Tensor> tensors = new(StringComparer.Ordinal);

    public IEnumerable<Tensor> All => tensors.Values;

    public Quantization Parameters(string activation) => tensors[activation].Quantization!;

    public void Add(Tensor tensor) => tensors.Add(tensor.Name, tensor);

    /// <summary>
    /// Adds a constant and returns its name. A constant that several nodes read is kept once where they need the same
    /// numbers, else a node gets a copy of its own.
    /// </summary>
    /// <param name="node">The node that reads it, for the copy's name.</param>
    /// <param name="input">Which of its inputs.</param>
    public string AddConstant(Tensor tensor, string node, int input)
    {
        if (tensors.TryGetValue(tensor.Name, out Tensor? present) && present != tensor)
        {
            tensor = tensor with { Name = string.Create(CultureInfo.InvariantCulture, $"{tensor.Name}@{node}:{input}") };
        }

        tensors[tensor.Name] = tensor;
        return tensor.Name;
    }
}
