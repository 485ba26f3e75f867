using System.CommandLine;
using Mcu.Generator.Deltas;
using Mcu.Generator.Deltas.Security;
using Mcu.Generator.Emit;
using Mcu.Tool.Cli;

namespace Mcu.Tool.Commands.Deltas;

/// <summary><c>mcu delta sign</c>: adds or replaces an image's signature.</summary>
internal sealed class DeltaSignCommand : ToolCommand
{
    private readonly Argument<string> file = DeltaOptions.File();
    private readonly Option<string> key = new("--key")
    {
        Description = "Private key in PEM, as openssl writes it: P-256 signs with ES256, Ed25519 with EdDSA.",
        HelpName = "PEM",
        Required = true,
    };

    private readonly Option<string> kid = DeltaOptions.Kid();
    private readonly Option<string?> output = new("--output", "-o") { Description = "File to write (default: the image itself is replaced).", HelpName = "FILE" };

    public DeltaSignCommand(GlobalOptions global)
        : base(
            "sign",
            "Sign a delta image (COSE_Sign1 over the SHA-256 of its body); an older signature is replaced.",
            global,
            new Example("mcu delta sign factory.mcud --key private.pem --kid 0a01", "The key's kind decides the algorithm."),
            new Example("mcu delta sign factory.mcud --key private.pem --kid 0a01 -o factory-signed.mcud", "Keep the unsigned image."))
    {
        Arguments.Add(file);
        Options.Add(key);
        Options.Add(kid);
        Options.Add(output);
    }

    protected override Task<int> RunAsync(ParseResult parse, CommandContext context, CancellationToken cancellation)
    {
        string path = parse.GetRequiredValue(file);
        DeltaFile delta = DeltaFile.Load(path);
        PrivateKey secret = PrivateKey.Load(parse.GetRequiredValue(key));
        byte[] signature = CoseSign1.Sign(secret, KeyId.Parse(parse.GetRequiredValue(kid), "--kid"), delta.BodySha256());
        byte[] signed = DeltaTrailer.Write(delta.Body.Span, signature);
        string place = parse.GetValue(output) ?? path;
        AtomicFile.Write(place, signed);
        DeltaPrinter.Written(context, signed, null, place);
        return Task.FromResult(ExitCode.Ok);
    }
}
