using System.CommandLine;
using Mcu.Generator.Deltas;
using Mcu.Generator.Deltas.Security;
using Mcu.Generator.Diagnostics;
using Mcu.Generator.Graphs;
using Mcu.Tool.Cli;
using Spectre.Console;

namespace Mcu.Tool.Commands.Deltas;

/// <summary><c>mcu delta verify</c>: everything that a device checks before it uses an image.</summary>
internal sealed class DeltaVerifyCommand : ToolCommand
{
    private readonly Argument<string> file = DeltaOptions.File();
    private readonly AgainstOptions against = new("Base model, folder compiled with --deltas, or .abi.txt; may be given several times. A base also runs the self-tests.");
    private readonly Option<string[]> keys = new("--key") { Description = "Public key in PEM; any of those given may have signed. May be given several times.", HelpName = "PEM" };
    private readonly Option<string?> trust = new("--trust") { Description = "Trust store (JSON): keys by kid, with revocation and rotation.", HelpName = "FILE" };

    public DeltaVerifyCommand(GlobalOptions global)
        : base(
            "verify",
            "Check a delta image as a device does: format, network, limits, self-tests, signature. Exits 4 when a check fails.",
            global,
            new Example("mcu delta verify factory.mcud --against build/kws --key public.pem", "Does it fit this firmware, and did this key sign it?"),
            new Example("mcu delta verify factory.mcud --against kws_int8.tflite --trust trust.json --json", "All checks with the base, for a program."))
    {
        Arguments.Add(file);
        against.AddTo(this);
        Options.Add(keys);
        Options.Add(trust);
    }

    protected override async Task<int> RunAsync(ParseResult parse, CommandContext context, CancellationToken cancellation)
    {
        DeltaFile delta = DeltaFile.Load(parse.GetRequiredValue(file));
        List<VerifiedCheck> checks = [new("format", true, null, $"{delta.Body.Length} bytes, CRC-32 and directory are right")];
        foreach (string path in against.Paths(parse))
        {
            DeltaNetwork network = await against.OpenAsync(parse, context, path, delta, cancellation);
            checks.AddRange(Network(network, delta));
        }

        if (StoreOf(parse) is { } store)
        {
            SignatureCheck signature = SignatureCheck.Of(delta, store);
            checks.Add(new VerifiedCheck("signature", signature.IsTrusted, signature.Code, signature.Detail));
        }

        var document = new VerifyDocument(delta.Name, checks.TrueForAll(c => c.Ok), checks);
        context.Result(document, console => Print(console, document));
        return document.Ok ? ExitCode.Ok : ExitCode.CheckFailed;
    }

    private static IEnumerable<VerifiedCheck> Network(DeltaNetwork network, DeltaFile delta)
    {
        DeltaImage image;
        try
        {
            image = network.Read(delta);
        }
        catch (DiagnosticException e)
        {
            return [new VerifiedCheck("network", false, e.Diagnostic.Code, $"{network.Name}: {e.Diagnostic.Message}")];
        }

        VerifiedCheck fits = new("network", true, null, $"{network.Name}: it fits{(network.Abi is null ? "; limits without the base's biases, which only the base model has" : ", and no accumulator can overflow")}");
        return network.Abi is null ? [fits] : [fits, .. image.SelfTests.Select(t => SelfTest(t, DeltaPacker.WithImage(image, network.Abi)))];
    }

    private static VerifiedCheck SelfTest(DeltaSelfTest test, Generator.Int8.Int8Model model)
    {
        uint crc = DeltaSelfTests.OutputCrc32(model, 1, test.Seed);
        bool ok = crc == test.OutputCrc32;
        return new VerifiedCheck("self-test", ok, ok ? null : "MCU1285", $"seed {test.Seed}: output CRC-32 {crc:x8}{(ok ? "" : $", the image says {test.OutputCrc32:x8}")}");
    }

    private TrustStore? StoreOf(ParseResult parse)
    {
        string[] alone = parse.GetValue(keys) ?? [];
        TrustStore? store = parse.GetValue(trust) is { } path ? TrustStore.Load(path) : null;
        if (alone.Length == 0)
        {
            return store;
        }

        IEnumerable<TrustAnchor> anchors = alone.Select(path => new TrustAnchor(EquatableArray<byte>.Empty, PublicKey.Load(path)));
        return (store ?? new TrustStore(EquatableArray<TrustAnchor>.Empty)) with { Anchors = (store?.Anchors ?? []).Concat(anchors).ToEquatableArray() };
    }

    private static void Print(IAnsiConsole console, VerifyDocument document)
    {
        foreach (VerifiedCheck check in document.Checks)
        {
            console.WriteLine($"{(check.Ok ? "ok    " : "FAILED")} {check.Check}: {Printable.Text(check.Detail)}{(check.Code is null ? "" : $" ({check.Code})")}");
        }
    }

    private sealed record VerifyDocument(string File, bool Ok, IReadOnlyList<VerifiedCheck> Checks);

    /// <param name="Code">Diagnostic code of a failed check.</param>
    private sealed record VerifiedCheck(string Check, bool Ok, string? Code, string Detail);
}
