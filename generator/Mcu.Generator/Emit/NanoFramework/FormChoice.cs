using System.Text.Json.Serialization;

namespace Mcu.Generator.Emit.NanoFramework;

/// <summary>How the compiler came to a form of C#.</summary>
/// <param name="Reason">One sentence for people.</param>
/// <param name="NsPerIl">What an IL instruction is taken to cost, in nanoseconds.</param>
/// <param name="MaxMilliseconds">The longest inference that was asked for.</param>
public sealed record FormChoice(string Reason, double NsPerIl, double MaxMilliseconds)
{
    /// <summary>The longest inference that will do where nobody says, in milliseconds: an assumption.</summary>
    public const double UsualMaxMilliseconds = 1000;

    /// <summary>As <see cref="NanoEmission.HeapBytes"/>, of the managed form; absent where there is no such form.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? HeapBytes { get; init; }

    /// <summary>IL instructions of one inference in the managed form; absent where it was not run.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? IlInstructions { get; init; }

    /// <summary>Estimated time of one inference in the managed form.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? Milliseconds => IlInstructions * NsPerIl / 1e6;
}
