using System.Text.Json.Serialization;
using Mcu.Generator.Emit.NanoFramework;

namespace Mcu.Generator.Report;

/// <summary>Form of C# for nanoFramework.</summary>
/// <param name="Name"><c>managed</c> or <c>interop</c>.</param>
/// <param name="HeapBytes">As <see cref="NanoEmission.HeapBytes"/>.</param>
public sealed record FormReport(string Name, long HeapBytes)
{
    /// <summary>Executed IL instructions of one inference of the base; absent where it runs in native code, or was not run.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? IlInstructions { get; init; }

    /// <summary>What an IL instruction is said to cost, in nanoseconds; absent where nobody said.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? NsPerIl { get; init; }

    /// <summary>Estimated time of one inference of the base; absent without instructions or their cost.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? Milliseconds => IlInstructions * NsPerIl / 1e6;

    /// <summary>The longest inference that was asked for, in milliseconds; absent without a cost of an instruction.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? MaxMilliseconds => Milliseconds is null ? null : Choice?.MaxMilliseconds ?? FormChoice.UsualMaxMilliseconds;

    /// <summary>
    /// Nanoseconds an IL instruction above which one inference takes longer than <see cref="MaxMilliseconds"/>, so that the form that calls native code
    /// is advised; absent as that is.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? InteropAboveNsPerIl => MaxMilliseconds * 1e6 / IlInstructions;

    /// <summary>How the compiler came to it; absent where the user named it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public FormChoice? Choice { get; init; }

    /// <summary>The report of an emission; counts its instructions where the options say how.</summary>
    public static FormReport Of(NanoEmission emission, NanoOptions options)
    {
        bool isManaged = options.Form == NanoForm.Managed;
        return new FormReport(options.Form.ToString().ToLowerInvariant(), emission.HeapBytes)
        {
            IlInstructions = isManaged ? options.Count?.Invoke(emission) : null,
            NsPerIl = isManaged ? options.NsPerIl : null,
            Choice = options.Choice,
        };
    }
}
