namespace Mcu.Emulation.Benchmarks;

/// <summary>Executed IL instructions of one layer, or of a whole inference, in three forms of the same network.</summary>
/// <param name="Name">The node; "total" for the inference.</param>
/// <param name="Kernel">The managed kernel.</param>
/// <param name="Macs">Multiply-accumulates.</param>
/// <param name="Plain">As plain nested loops.</param>
/// <param name="Speed">As <c>--optimize speed</c> emits it.</param>
/// <param name="Ram">As <c>--optimize ram</c> emits it.</param>
public sealed record ManagedBenchLayer(string Name, string Kernel, long Macs, long Plain, long Speed, long Ram)
{
    /// <summary>How many times as fast as the plain loops.</summary>
    public double SpeedGain => (double)Plain / Speed;

    public double RamGain => (double)Plain / Ram;
}

/// <summary>The managed form of one model beside plain loops.</summary>
/// <param name="Model">File name without its ending.</param>
/// <param name="Layers">Kernel calls in order; those of layers without weights are the same in all forms.</param>
/// <param name="Total">The whole inference: layers, and what calls them.</param>
/// <param name="ArenaBytes">Activations of the speed and the ram form.</param>
/// <param name="Speed">Memory of the form.</param>
/// <param name="Ram">Memory of the form.</param>
public sealed record ManagedBenchRow(
    string Model, int Samples, IReadOnlyList<ManagedBenchLayer> Layers, ManagedBenchLayer Total, int ArenaBytes, ManagedBenchMemory Speed, ManagedBenchMemory Ram)
{
    /// <summary>Times on the interpreter; null where it was not asked for.</summary>
    public ManagedBenchTimes? Nanoclr { get; init; }
}

/// <summary>Wall-clock microseconds of one inference on the interpreter, the forms taking turns in one program; the median over the samples each.</summary>
/// <param name="SpeedPeBytes">Size of the form's assembly as the interpreter loads it, its weight image not included.</param>
/// <param name="RamPeBytes">The same.</param>
public sealed record ManagedBenchTimes(double Plain, double Speed, double Ram, long SpeedPeBytes, long RamPeBytes)
{
    public double SpeedGain => Plain / Speed;

    public double RamGain => Plain / Ram;
}

/// <summary>What a form takes.</summary>
/// <param name="HeapBytes">Arena, scratch and constants on the managed heap, without array headers.</param>
/// <param name="AssemblyBytes">Size of the assembly as the compiler writes it.</param>
/// <param name="IlBytes">IL of all its methods.</param>
/// <param name="ImageBytes">Weight image beside it; 0 where constants are in the code.</param>
public sealed record ManagedBenchMemory(long HeapBytes, int AssemblyBytes, int IlBytes, int ImageBytes);
