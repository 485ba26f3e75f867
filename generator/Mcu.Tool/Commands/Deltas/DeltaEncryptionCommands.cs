using System.CommandLine;
using Mcu.Generator.Deltas;
using Mcu.Generator.Deltas.Security;
using Mcu.Generator.Emit;
using Mcu.Generator.Ingest;
using Mcu.Tool.Cli;
using Spectre.Console;

namespace Mcu.Tool.Commands.Deltas;

/// <summary><c>mcu delta encrypt</c>: an image for transport and storage.</summary>
internal sealed class DeltaEncryptCommand : ToolCommand
{
    private readonly Argument<string> file = DeltaOptions.File();
    private readonly Option<string> key = SecretKey();
    private readonly Option<string> kid = DeltaOptions.Kid();
    private readonly Option<string> output = DeltaOptions.Output("FILE", "Encrypted file to write.");

    public DeltaEncryptCommand(GlobalOptions global)
        : base(
            "encrypt",
            "Encrypt a delta image for transport and storage (COSE_Encrypt0, AES-GCM); sign it before.",
            global,
            new Example("mcu delta encrypt user.mcud --key secret.hex --kid 0b02 -o user.mcud.enc", "The key file is made with 'openssl rand -hex 32'."))
    {
        Arguments.Add(file);
        Options.Add(key);
        Options.Add(kid);
        Options.Add(output);
    }

    public static Option<string> SecretKey() => new("--key") { Description = "File with an AES key: 16 or 32 bytes, raw or in hexadecimal.", HelpName = "FILE", Required = true };

    protected override Task<int> RunAsync(ParseResult parse, CommandContext context, CancellationToken cancellation)
    {
        DeltaFile delta = DeltaFile.Load(parse.GetRequiredValue(file));
        byte[] plain = DeltaTrailer.Write(delta.Body.Span, delta.Signature.Span);
        byte[] message = DeltaEncryption.Encrypt(plain, DeltaEncryption.LoadKey(parse.GetRequiredValue(key)), KeyId.Parse(parse.GetRequiredValue(kid), "--kid"));
        string place = parse.GetRequiredValue(output);
        AtomicFile.Write(place, message);
        context.Result(new EncryptDocument(place, message.Length), console => console.WriteLine($"{message.Length} bytes written to {place}"));
        return Task.FromResult(ExitCode.Ok);
    }

    private sealed record EncryptDocument(string OutputFile, int Bytes);
}

/// <summary><c>mcu delta decrypt</c>: the image of an encrypted file.</summary>
internal sealed class DeltaDecryptCommand : ToolCommand
{
    private readonly Argument<string> file = new("FILE") { Description = "File that 'mcu delta encrypt' wrote." };
    private readonly Option<string> key = DeltaEncryptCommand.SecretKey();
    private readonly Option<string> output = DeltaOptions.Output("FILE", "Image to write, .mcud.");

    public DeltaDecryptCommand(GlobalOptions global)
        : base(
            "decrypt",
            "Decrypt a delta image.",
            global,
            new Example("mcu delta decrypt user.mcud.enc --key secret.hex -o user.mcud", "Refused when a byte was changed."))
    {
        Arguments.Add(file);
        Options.Add(key);
        Options.Add(output);
    }

    protected override Task<int> RunAsync(ParseResult parse, CommandContext context, CancellationToken cancellation)
    {
        string path = parse.GetRequiredValue(file);
        byte[] message = InputFile.ReadAll(path, 2 * DeltaFormat.MaxFileBytes);
        byte[] plain = DeltaEncryption.Decrypt(message, DeltaEncryption.LoadKey(parse.GetRequiredValue(key)), path);
        string place = parse.GetRequiredValue(output);
        DeltaFile.Parse(plain, Path.GetFileName(place));
        AtomicFile.Write(place, plain);
        DeltaPrinter.Written(context, plain, null, place);
        return Task.FromResult(ExitCode.Ok);
    }
}
