using System.Buffers.Binary;
using Mcu.Generator.Graphs;

namespace Mcu.Generator.Lowering;

/// <summary>Which instruction set the kernels are written for.</summary>
public enum KernelSet
{
    /// <summary>Portable C99.</summary>
    Portable,

    /// <summary>Armv7E-M and Armv8-M with the DSP extension.</summary>
    Dsp,
}

/// <summary>A constant array that an emitted file holds.</summary>
/// <param name="CType">Element type in C.</param>
/// <param name="Values">Elements as integers.</param>
/// <param name="ElementBytes">Size of an element.</param>
public sealed record CTable(string CType, EquatableArray<long> Values, int ElementBytes)
{
    public int Bytes => Values.Length * ElementBytes;

    /// <summary>The elements in memory, little-endian.</summary>
    public byte[] ToBytes()
    {
        byte[] bytes = new byte[Bytes];
        Span<byte> element = stackalloc byte[sizeof(long)];
        for (int i = 0; i < Values.Length; i++)
        {
            BinaryPrimitives.WriteInt64LittleEndian(element, Values[i]);
            element[..ElementBytes].CopyTo(bytes.AsSpan(i * ElementBytes));
        }

        return bytes;
    }

    public static CTable Int8(IEnumerable<sbyte> values) => new("int8_t", values.Select(v => (long)v).ToEquatableArray(), 1);

    public static CTable UInt8(IEnumerable<int> values) => new("uint8_t", values.Select(v => (long)v).ToEquatableArray(), 1);

    public static CTable Int16(IEnumerable<short> values) => new("int16_t", values.Select(v => (long)v).ToEquatableArray(), 2);

    public static CTable Int32(IEnumerable<int> values) => new("int32_t", values.Select(v => (long)v).ToEquatableArray(), 4);
}

/// <summary>Tables of one linear layer or layer normalisation, of the base or of one adapter, packed as the kernel reads them.</summary>
public sealed record LinearTables(CTable Weights, CTable Bias, CTable Multiplier, CTable Shift, LoraTables? Lora, SparseTables? Sparse)
{
    /// <summary>Values per pixel between A and B, of all low-rank terms.</summary>
    public int ProjectedRows => Lora?.Rows ?? 0;

    public IEnumerable<CTable> All =>
        new[] { Weights, Bias, Multiplier, Shift }.Concat(Lora?.All ?? []).Concat(Sparse?.All ?? []);
}

/// <summary>How a layer's weights meet its input.</summary>
public enum LinearKind
{
    /// <summary>Every output reads the whole patch: convolution, fully connected.</summary>
    Matrix,

    /// <summary>Every output reads the window of one channel.</summary>
    Depthwise,

    /// <summary>Every output reads its own normalised value: layer normalisation, gamma as weights and beta as bias.</summary>
    Norm,
}

/// <summary>Numbers of a linear layer, or of a layer normalisation, that no adapter changes.</summary>
/// <param name="Depth">Weights of one output.</param>
/// <param name="PaddedDepth">Bytes of a packed row of weights.</param>
/// <param name="IsFast">Whether the kernels requantise by the fast path.</param>
public sealed record LinearShape(LinearKind Kind, int Outputs, int Depth, int PaddedDepth, bool IsFast);

/// <summary>Tables of a low-rank side path.</summary>
public sealed record LoraTables(int Rank, int RankPadded, CTable A, CTable ABias, CTable AMultiplier, CTable AShift, CTable B, CTable BShift)
{
    /// <summary>A further term of a composed adapter, which adds; null for none.</summary>
    public LoraTables? Next { get; init; }

    /// <summary>Padded ranks of this term and those that follow.</summary>
    public int Rows => RankPadded + (Next?.Rows ?? 0);

    public IEnumerable<CTable> All => [A, ABias, AMultiplier, AShift, B, BShift, .. Next?.All ?? []];
}

/// <summary>Table of a sparse correction: pairs of gap and difference.</summary>
public sealed record SparseTables(CTable Stream)
{
    public IEnumerable<CTable> All => [Stream];
}

/// <summary>
/// Permission for input and output to share memory (generator/DESIGN.md section 6):
/// <c>offset(input) − offset(output) ≥ Distance</c>, or exactly <c>Distance</c>.
/// </summary>
public sealed record Overlap(int InputIndex, int Distance, bool Exact = false);

/// <summary>One layer as calls of C kernels, before memory is planned.</summary>
/// <param name="Function">Kernel entry point.</param>
/// <param name="ParameterType">C type of its parameter struct.</param>
/// <param name="Parameters">Designated initialisers of that struct, in order.</param>
/// <param name="Files">Kernel and runtime files under runtime-templates/c that it needs.</param>
/// <param name="ScratchBytes">Temporary memory in the arena; 0 for none.</param>
/// <param name="PassesScratch">Whether the kernel takes a scratch argument.</param>
public sealed record LoweredLayer(
    string Function,
    string ParameterType,
    EquatableArray<string> Parameters,
    EquatableArray<string> Files,
    int ScratchBytes = 0,
    bool PassesScratch = false)
{
    public EquatableArray<Overlap> Overlaps { get; init; }

    /// <summary>Tables that the parameter struct points to, by field name.</summary>
    public EquatableArray<(string Field, CTable Table)> FieldTables { get; init; }

    /// <summary>Tables that adapters can switch; null for other kernels.</summary>
    public LinearTables? Linear { get; init; }

    /// <summary>Shape of a layer that adapters can change; null for other kernels.</summary>
    public LinearShape? Shape { get; init; }

    /// <summary>Per adapter of the model its tables for this layer, or null where it keeps the base's.</summary>
    public EquatableArray<LinearTables?> Adapters { get; init; }

    /// <summary>The node's inputs that the kernel takes as pointers, in its order of arguments.</summary>
    public EquatableArray<int> DataInputs { get; init; } = [0];

    /// <summary>Whether the kernel takes the data inputs as one array of pointers.</summary>
    public bool ListsInputs { get; init; }

    /// <summary>Contents of those of <see cref="DataInputs"/> that are constants and lie in flash.</summary>
    public EquatableArray<(int Input, CTable Table)> ConstantInputs { get; init; } = [];

    /// <summary>All tables of the layer in the base.</summary>
    public IEnumerable<CTable> BaseTables =>
        (Linear?.All ?? []).Concat(FieldTables.Select(t => t.Table)).Concat(ConstantInputs.Select(c => c.Table));

    /// <summary>The same with those of adapters.</summary>
    public IEnumerable<CTable> Tables => BaseTables.Concat(Adapters.SelectMany(a => a?.All ?? []));
}
