// Checks an ontology with the OWL API and HermiT, both in the HermiT.jar of owlready2:
//
//     java -cp HermiT.jar Check.java profiles FILE      violations of OWL 2 DL and OWL 2 RL, one a line
//     java -cp HermiT.jar Check.java reason FILE        "consistent" or "inconsistent", then each class
//                                                       that can have no member, then each type of each
//                                                       individual
//
// FILE is RDF/XML. Nothing is loaded from the network: imports that are not at hand are left out.

import java.io.File;
import org.semanticweb.HermiT.Reasoner;
import org.semanticweb.owlapi.apibinding.OWLManager;
import org.semanticweb.owlapi.io.FileDocumentSource;
import org.semanticweb.owlapi.model.MissingImportHandlingStrategy;
import org.semanticweb.owlapi.model.OWLClass;
import org.semanticweb.owlapi.model.OWLNamedIndividual;
import org.semanticweb.owlapi.model.OWLOntology;
import org.semanticweb.owlapi.model.OWLOntologyLoaderConfiguration;
import org.semanticweb.owlapi.profiles.OWL2DLProfile;
import org.semanticweb.owlapi.profiles.OWL2RLProfile;
import org.semanticweb.owlapi.profiles.OWLProfile;
import org.semanticweb.owlapi.profiles.OWLProfileViolation;

public class Check {
    public static void main(String[] arguments) throws Exception {
        OWLOntologyLoaderConfiguration offline = new OWLOntologyLoaderConfiguration()
            .setMissingImportHandlingStrategy(MissingImportHandlingStrategy.SILENT);
        OWLOntology ontology = OWLManager.createOWLOntologyManager()
            .loadOntologyFromOntologyDocument(new FileDocumentSource(new File(arguments[1])), offline);
        if (arguments[0].equals("profiles")) profiles(ontology);
        else reason(ontology);
    }

    static void profiles(OWLOntology ontology) {
        System.out.println("axioms " + ontology.getAxiomCount());
        for (OWLProfile profile : new OWLProfile[] {new OWL2DLProfile(), new OWL2RLProfile()})
            for (OWLProfileViolation violation : profile.checkOntology(ontology).getViolations())
                System.out.println(profile.getName() + ": " + violation);
    }

    static void reason(OWLOntology ontology) {
        Reasoner reasoner = new Reasoner(ontology);
        System.out.println(reasoner.isConsistent() ? "consistent" : "inconsistent");
        if (!reasoner.isConsistent()) return;
        for (OWLClass empty : reasoner.getUnsatisfiableClasses().getEntitiesMinusBottom())
            System.out.println("empty " + empty.getIRI());
        for (OWLNamedIndividual one : ontology.getIndividualsInSignature())
            for (OWLClass type : reasoner.getTypes(one, false).getFlattened())
                System.out.println("type " + one.getIRI() + " " + type.getIRI());
    }
}
