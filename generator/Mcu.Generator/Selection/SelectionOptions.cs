namespace Mcu.Generator.Selection;

/// <summary>What makes a change worth its bytes.</summary>
public enum Importance
{
    /// <summary>Size of the real change.</summary>
    Magnitude,

    /// <summary>Size of the change that int8 keeps, in steps of the layer's output.</summary>
    Quantised,

    /// <summary>The same, weighted by how large the weight's input is on data.</summary>
    Activation,
}

/// <summary>Which changes stand or fall together.</summary>
public enum SelectionStructure
{
    /// <summary>Each weight on its own.</summary>
    Free,

    /// <summary>All changes of one output.</summary>
    Rows,
}

/// <summary>What to keep of a large delta.</summary>
/// <param name="BudgetBytes">Size of the finished image, unsigned.</param>
/// <param name="Packing">Packing of the target's kernels (docs/DELTA-FORMAT.md); it decides how a bias is padded.</param>
/// <param name="SelfTests">Self-tests that the image will hold.</param>
/// <param name="WithBiases">Whether biases may be kept.</param>
public sealed record SelectionOptions(
    int BudgetBytes, Importance Importance, SelectionStructure Structure, int Packing, int SelfTests, bool WithBiases = true);
