using Mcu.Generator.Diagnostics;

namespace Mcu.Emulation.Running;

/// <summary>The words for <c>MCU_DELTA_ERROR_…</c> of the C runtime, which are the reasons of the managed one too.</summary>
internal static class DeltaRefusals
{
    /// <summary>The smallest of the codes.</summary>
    public const int First = 16;

    public const string Hint = "Pack the image for this folder: with the same base, target and options.";

    public const string ManagedHint = "Pack the image for rows of weights, as with --target cortex-m0plus, and with the base and options of the network.";

    /// <summary>The code of a self-test whose output is another.</summary>
    public const int SelfTest = 33;

    public const string SelfTestHint = "Check the image with 'mcu delta verify --against' its base; if it passes there, a kernel of the firmware is wrong: report it.";

    /// <summary>MCU1530 where managed code refuses an image, MCU1531 where a self-test of it fails.</summary>
    /// <param name="image">Its number, from 0.</param>
    /// <param name="reason">The emitted <c>DeltaReason</c>.</param>
    /// <param name="place">How results name the form that ran.</param>
    public static DiagnosticException Managed(int image, int reason, string place) => reason == SelfTest
        ? new DiagnosticException("MCU1531", $"A self-test of delta image {image + 1} fails: the managed network gives another output than the image promises.", place, SelfTestHint)
        : new DiagnosticException("MCU1530", $"The managed network refuses delta image {image + 1}: {Words(reason)} (reason {reason}).", place, ManagedHint);

    public static string Words(int status) => status switch
    {
        16 => "it does not start at a multiple of 4",
        17 => "it is shorter or longer than its header says",
        18 => "it is no delta image",
        19 => "its format or a reserved field is not known",
        20 => "its CRC-32 does not match",
        21 => "it was made for another base model",
        22 => "it was made for another compilation of the base",
        23 => "its records do not follow each other exactly",
        24 => "a record has sections that are unknown, missing or not for its kind of layer",
        25 => "its padding is not zero",
        26 => "a multiplier, shift, start value or position is out of range",
        27 => "an accumulator could overflow",
        28 => "its low-rank terms need more room than --delta-rank gives",
        29 => "it conflicts with an image attached before it",
        30 => "as many images are attached as --deltas says",
        31 => "it is attached already",
        32 => "a compiled-in adapter is selected",
        _ => "for a reason that is not known",
    };
}
