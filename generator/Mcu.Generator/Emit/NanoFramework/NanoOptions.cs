using System.Collections.Frozen;
using System.Text.RegularExpressions;
using Mcu.Generator.Diagnostics;

namespace Mcu.Generator.Emit.NanoFramework;

/// <summary>Where the managed form's constants come from.</summary>
public enum NanoStore
{
    /// <summary>In the code where one assembly holds them, else an image.</summary>
    Auto,

    /// <summary>Array initialisers.</summary>
    Code,

    /// <summary>One file that the application hands over as <c>byte[]</c>.</summary>
    Image,
}

/// <summary>How C# for .NET nanoFramework computes.</summary>
public enum NanoForm
{
    /// <summary>In C#: runs on every firmware.</summary>
    Managed,

    /// <summary>In C that is built into a firmware.</summary>
    Interop,
}

/// <summary>Options of C# for .NET nanoFramework.</summary>
/// <param name="PackWeights">Whether fully connected weights are kept three to a long, 2.7 bytes of heap each.</param>
/// <param name="Namespace">Namespace of the class.</param>
public sealed partial record NanoOptions(NanoStore Store, bool PackWeights, string Namespace)
{
    /// <summary>C# 10's reserved words.</summary>
    private static readonly FrozenSet<string> Keywords = (
        "abstract as base bool break byte case catch char checked class const continue decimal default delegate do double else enum event explicit extern false finally fixed "
        + "float for foreach goto if implicit in int interface internal is lock long namespace new null object operator out override params private protected public readonly ref "
        + "return sbyte sealed short sizeof stackalloc static string struct switch this throw true try typeof uint ulong unchecked unsafe ushort using virtual void volatile while")
        .Split(' ').ToFrozenSet(StringComparer.Ordinal);

    public static NanoOptions Default { get; } = new(NanoStore.Auto, true, "Mcu.Networks");

    public NanoForm Form { get; init; }

    /// <summary>What an IL instruction costs on the device, in nanoseconds; null where it is not known.</summary>
    public double? NsPerIl { get; init; }

    /// <summary>Counts the IL instructions of one inference of the managed form, for the report; null where it is not run.</summary>
    public Func<NanoEmission, long>? Count { get; init; }

    /// <summary>Why the form was chosen, where the compiler did; null where the user did.</summary>
    public FormChoice? Choice { get; init; }

    /// <summary>The options, when the namespace is one: ASCII identifiers, none a keyword, with points between (MCU1501).</summary>
    public NanoOptions Checked() => IsNamespace(Namespace)
        ? this
        : throw new DiagnosticException("MCU1501", $"'{Namespace}' is no namespace.", "--namespace", "Use ASCII identifiers that are no C# keywords, with points between, such as Company.Networks.");

    /// <summary>Whether a text is a namespace that needs no escaping.</summary>
    public static bool IsNamespace(string text) => Dotted().IsMatch(text) && text.Length <= 200 && !text.Split('.').Any(Keywords.Contains);

    [GeneratedRegex(@"^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*\z")]
    private static partial Regex Dotted();
}
